import { realClock, type Clock } from './lib/clock.ts'
import { SpillwayError } from './lib/errors.ts'
import { createLineWriter } from './lib/line-writer.ts'
import { printable } from './lib/printable.ts'
import { listen, type Listen, type Listening } from './lib/listen.ts'
import { createLog, type Log } from './lib/log.ts'
import { openHistory, type History } from './admin/history.ts'
import { watchLoopLag, type LoopLag } from './admin/loop-lag.ts'
import { openSavedLimits } from './admin/saved-limits.ts'
import { createAdmin } from './admin/server.ts'
import type { AwsKey } from './auth/aws-keys.ts'
import { endpointKeys, type EndpointKeys } from './auth/endpoint-keys.ts'
import { refuseExposure } from './auth/exposure.ts'
import type { Readiness } from './admin/options.ts'
import { createAwsEndpoint } from './aws/endpoint.ts'
import { Gate } from './gate/gate.ts'
import { checkLimits, type LimitChange, type LimitsControl } from './gate/limits/limits.ts'
import { createLimitsControl, type LiveLimits } from './gate/limits/live-limits.ts'
import type { GateSnapshot } from './gate/snapshot.ts'
import { createApi, type Api, type RequestFacts } from './http/api.ts'
import { createRetryBudget, type RetryBudget } from './invoke/budget.ts'
import { traceIdOf } from './invoke/headers.ts'
import { createEnvironmentJournal, type EnvironmentJournal } from './invoke/environment-journal.ts'
import type { Outcome, StoppableInvoker } from './invoke/invocation.ts'
import { createInvoker } from './invoke/invoker.ts'
import type { Target } from './invoke/run.ts'
import type { LogLine } from './invoke/journal.ts'
import { createTally, type Tally } from './invoke/tally.ts'
import type { App } from './model/app.ts'
import { functionArn } from './model/arn.ts'
import { endpointOf } from './model/queue-urls.ts'
import { provisionedOf } from './model/arithmetic.ts'
import { createRates, type Rates } from './rates/index.ts'
import { inheritedCredentials } from './runtime/credentials.ts'
import { checkFailpoints } from './runtime/check-failpoints.ts'
import { createFleet, type Fleet } from './runtime/fleet.ts'
import type { Surroundings } from './runtime/variables.ts'
import { openBackground, type Background } from './sources/background.ts'
import { checkCauses } from './sources/causes.ts'

export interface SpillwayOptions {
  readonly app: App
  /** `dev` gives functions dummy AWS keys and `IS_OFFLINE`. Default `start`. */
  readonly mode?: 'dev' | 'start'
  /** What is absent is not listened on. */
  readonly listen?: ListenOptions
  /** Where what is to survive a restart is kept. Default: nothing survives one. */
  readonly dataDir?: string
  /** Must come with every request to the admin listener, as a bearer token. */
  readonly adminToken?: string
  /** Who may call the AWS endpoint, and IAM routes: each request signed with one of them. */
  readonly awsKeys?: readonly AwsKey[]
  /** How it stops. */
  readonly drain?: DrainOptions
  /** The queues' disk cannot be trusted, and nothing is acknowledged any more: only a new start can tell. */
  readonly onBroken?: (error: SpillwayError) => void
  /** The time of what waits in queues, retries and schedules included. Default: the machine's. */
  readonly queueClock?: Clock
  /** Every line of the functions' logs, START, END and REPORT included. Default: stdout. */
  readonly onLog?: (line: LogLine) => void
  /** Every answer of the API listener. */
  readonly onRequest?: (facts: RequestFacts) => void
  /** Spillway's own log. Default: JSON lines on stderr, from `info` on. */
  readonly log?: Log
}

export interface ListenOptions {
  readonly api?: Listen
  readonly aws?: Listen
  readonly admin?: Listen
}

export interface DrainOptions {
  /** How long `/readyz` says 503 while all is served as before: load balancers need it to notice. Default 0. */
  readonly preStopDelayMs?: number
  /** How long what runs, or waits, may still take after that; then it is interrupted. Default 30 s. */
  readonly timeoutMs?: number
}

/** A running Spillway. */
export interface Spillway {
  readonly urls: { readonly api?: string; readonly aws?: string; readonly admin?: string }
  readonly limits: LimitsControl
  /** Who holds which slots now, and who waits for what. */
  snapshot(): GateSnapshot
  /**
   * Runs a function once. Never rejects for the function's own failure: that is an outcome.
   * @throws {SpillwayError} SPILLWAY_FUNCTION_NOT_FOUND.
   */
  invoke(
    functionName: string,
    payload: Uint8Array | string,
    options?: InvokeOptions,
  ): Promise<Outcome>
  /**
   * Serves this App from now on, by new environments. Requests that run finish on the old ones, those
   * that wait keep their place.
   * @throws {SpillwayError} SPILLWAY_LIMITS, SPILLWAY_MANIFEST or SPILLWAY_UNREADABLE; then nothing has changed.
   */
  reload(app: App): void
  /** Answers what has come, refuses what comes, ends every environment. */
  close(): Promise<void>
}

export interface InvokeOptions {
  /** Keep the last 4 KiB of the log. */
  readonly tail?: boolean
  /** How long to wait for the start. Default 60 s; the run itself is bounded by the function's timeout. */
  readonly waitMs?: number
}

const INVOKE_WAIT_MS = 60_000
const DRAIN_MS = 30_000
/** From SIGTERM to SIGKILL, as on Lambda. */
const TERMINATION_MS = 500
/** The last answers are on their way. */
const FLUSH_MS = 1000
const HISTORY_SAVE_MS = 60_000

/**
 * Starts serving an App.
 * @throws {SpillwayError} SPILLWAY_PORT_TAKEN, SPILLWAY_LIMITS, SPILLWAY_MANIFEST, SPILLWAY_UNREADABLE when root starts
 *   functions that no other user could read, or SPILLWAY_EXPOSED when the AWS or admin listener is to be
 *   reachable from elsewhere without credentials.
 */
export async function createSpillway(options: SpillwayOptions): Promise<Spillway> {
  refuseExposure(options)
  checkFailpoints(process.env)
  const parts = assemble(options)
  const stops: (() => Promise<void>)[] = []
  try {
    return await open(options, parts, stops)
  } catch (error) {
    await Promise.all(stops.map((stop) => stop()))
    throw error
  }
}

/** What every listener is made of. */
interface Parts {
  app: App
  draining: boolean
  readonly log: Log
  readonly gate: Gate
  readonly fleet: Fleet
  readonly limits: LiveLimits
  readonly tally: Tally
  readonly invoker: StoppableInvoker
  readonly rates: Rates
  readonly api: Api
  readonly journal: EnvironmentJournal
  readonly history: History
  readonly awsKeys: EndpointKeys
}

function assemble(options: SpillwayOptions): Parts {
  const { app } = options
  checkLimits(app.limits)
  checkCauses(app)
  const clock = realClock
  const log = options.log ?? createLog('info')
  const writeLog = options.onLog ?? stdoutLog
  const tally = createTally()
  const onTrouble = (sentence: string): void => log.warn(sentence)
  const journal = createEnvironmentJournal({
    tally,
    log: writeLog,
    fn: (name) => fleet.get(name)?.fn,
    onTrouble,
  })
  const gate = new Gate(app.limits, {
    clock,
    onEnvironmentWanted: (name) => fleet.get(name)?.pool.reconsider(),
  })
  const fleet: Fleet = createFleet({
    clock,
    publishSlots: (name, slots) => gate.setSlots(name, slots),
    wanted: (name) => gate.wanted(name),
    mayStart: (name) => gate.mayStartEnvironment(name),
    onEvent: (name, event) => journal.onEvent(name, event),
    onNote: (message) => log.warn(message),
  })
  const invoker = createInvoker({ gate, clock, tally, log: writeLog, target: targets(fleet) })
  const limits = controlLimits(options, { gate, fleet, log }, () => parts.app)
  const rates = openRates(log)
  const api = createApi({
    invoker,
    clock,
    rates,
    draining: () => parts.draining,
    awsKeys: options.awsKeys ?? [],
    onTrouble,
    onError: (error) => log.error(error),
    ...(options.onRequest === undefined ? {} : { onRequest: options.onRequest }),
  })
  const parts: Parts = {
    app,
    draining: false,
    log,
    gate,
    fleet,
    limits,
    tally,
    invoker,
    rates,
    api,
    journal,
    history: historyOf(options, tally, onTrouble),
    awsKeys: endpointKeys(options.awsKeys ?? [], options.mode ?? 'start', process.env),
  }
  return parts
}

function openRates(log: Log): Rates {
  return createRates({
    clock: realClock,
    onNote: (sentence, isUp) => log[isUp ? 'info' : 'warn'](sentence),
  })
}

/** Limits that can be changed while running, each change told to the log. */
function controlLimits(
  { dataDir }: SpillwayOptions,
  { gate, fleet, log }: Pick<Parts, 'gate' | 'fleet' | 'log'>,
  app: () => App,
): LiveLimits {
  return createLimitsControl(
    gate,
    (change) => {
      log.info({ change }, 'limits changed')
      for (const sentence of drainsOf(gate, change.changes)) log.warn(sentence)
      keepWarm(gate, fleet)
    },
    {
      clock: realClock,
      keys: () => new Map(app().functions.map(({ name, key }) => [name, key])),
      onTrouble: (sentence) => log.warn(sentence),
      ...(dataDir === undefined ? {} : { saved: openSavedLimits(dataDir) }),
    },
  )
}

/** Of production alone: what is tried out while developing says nothing. */
function historyOf(
  { dataDir, mode }: SpillwayOptions,
  tally: Tally,
  onTrouble: (sentence: string) => void,
): History {
  const common = { tally, onTrouble, wallMs: () => realClock.wallMs() }
  const survives = dataDir !== undefined && mode !== 'dev'
  return openHistory(survives ? { ...common, directory: dataDir } : common)
}

/** What a change has left with more running than is allowed, a sentence each. */
function drainsOf(gate: Gate, changes: readonly LimitChange[]): string[] {
  return changes.flatMap(({ scope, name }) => {
    const use = scope === 'version' ? undefined : gate.useOf(scope, name)
    if (use === undefined || use.over === 0) return []
    const limit = scope === 'account' ? scope : `${scope} ${name}`
    return `${limit}: ${use.inUse} run, ${use.over} more than allowed; nobody is let in until they have drained`
  })
}

/** Has every function keep as many environments as its limits say now. */
function keepWarm(gate: Gate, fleet: Fleet): void {
  for (const [name, limits] of Object.entries(gate.config.functions)) {
    fleet.get(name)?.pool.keepWarm(provisionedOf(limits))
  }
}

function targets(fleet: Fleet): (functionName: string) => Target | undefined {
  const budgets = new Map<string, RetryBudget>()
  return (name) => {
    const member = fleet.get(name)
    if (member === undefined) return undefined
    let budget = budgets.get(name)
    if (budget === undefined) budgets.set(name, (budget = createRetryBudget(realClock)))
    return { ...member, budget }
  }
}

/** One for the process: what several instances write goes to the same place. */
const stdout = createLineWriter(process.stdout)
process.once('exit', () => stdout.flush())

function stdoutLog({ text }: LogLine): void {
  stdout.write(process.stdout.isTTY ? printable(text) : text)
}

async function open(
  options: SpillwayOptions,
  parts: Parts,
  stops: (() => Promise<void>)[],
): Promise<Spillway> {
  const lag = watchLoopLag((lagMs) => parts.log.warn({ lagMs }, 'the event loop stood still'))
  stops.push(async () => lag.stop())
  stops.push(async () => parts.rates.close())
  parts.rates.configure(options.app)
  const background = await openBackground({ ...options, ...parts })
  stops.push(() => background.close())
  const listening = await openListeners({ ...options, lag, background }, parts, stops)
  stops.push(() => parts.fleet.close())
  const around = (app: App): Surroundings => ({
    region: app.region,
    mode: options.mode ?? 'start',
    signingKey: parts.awsKeys.ofFunctions,
    ...endpointOf(app, options.mode ?? 'start', listening.aws?.url),
    path: process.env['PATH'] ?? '',
    credentials: app.credentials === 'inherit' ? inheritedCredentials(process.env) : {},
  })
  const apply = (app: App): void => {
    parts.fleet.configure(app, around(app))
    parts.app = app
    keepWarm(parts.gate, parts.fleet)
    parts.api.configure(app)
    background.configure(app)
  }
  apply(options.app)
  // Whatever ends this process, a handler that loops for ever must not outlive it.
  const kill = (): void => parts.fleet.kill()
  const saving = setInterval(() => parts.history.save(), HISTORY_SAVE_MS).unref()
  const onExit = (): void => {
    kill()
    parts.history.save()
  }
  process.once('exit', onExit)

  return {
    urls: Object.fromEntries(Object.entries(listening).map(([name, { url }]) => [name, url])),
    limits: parts.limits,
    snapshot: () => parts.gate.snapshot(),
    invoke: (name, payload, how) => invokeOnce(parts, name, payload, how),
    reload(app) {
      checkCauses(app)
      parts.fleet.admit(app, around(app))
      parts.rates.configure(app)
      parts.limits.rebase(app.limits)
      apply(app)
    },
    async close() {
      const { admin, ...doors } = listening
      await drain(parts, { background, doors: Object.values(doors) }, options.drain)
      clearInterval(saving)
      lag.stop()
      process.off('exit', onExit)
      parts.history.save()
      parts.rates.close()
      // Last: until then `/readyz` says 503, and not nothing.
      await admin?.close(0)
    },
  }
}

/** As orchestrators expect it: not ready first, then no new work, then the end of what runs. */
async function drain(
  parts: Parts,
  { background, doors }: { readonly background: Background; readonly doors: readonly Listening[] },
  { preStopDelayMs = 0, timeoutMs = DRAIN_MS }: DrainOptions = {},
): Promise<void> {
  const { invoker, fleet } = parts
  parts.draining = true
  if (preStopDelayMs > 0) await new Promise((resolve) => setTimeout(resolve, preStopDelayMs))
  // Still listening: who comes is told to go elsewhere, and not left with a refused connection.
  invoker.refuse()
  const untilMs = realClock.nowMs() + timeoutMs
  const overdue = realClock.after(timeoutMs, () => {
    invoker.giveUpWaiting()
    void fleet.close(TERMINATION_MS)
    fleet.terminate(TERMINATION_MS)
  })
  await background.stop()
  await invoker.idle()
  await background.idle()
  const flushMs = Math.max(FLUSH_MS, untilMs - realClock.nowMs())
  await Promise.all(doors.map((door) => door.close(flushMs)))
  await fleet.close(TERMINATION_MS)
  await background.close()
  overdue[Symbol.dispose]()
}

async function openListeners(
  {
    listen: wanted = {},
    adminToken,
    lag,
    background,
  }: SpillwayOptions & { readonly lag: LoopLag; readonly background: Background },
  parts: Parts,
  stops: (() => Promise<void>)[],
): Promise<Partial<Record<keyof ListenOptions, Listening>>> {
  const { invoker, limits, gate, tally, fleet, journal, history } = parts
  const aws = createAwsEndpoint({
    app: () => parts.app,
    invoker,
    limits,
    ...background,
    warmth: (name) => fleet.get(name)?.pool.warmth(),
    clock: realClock,
    awsKeys: parts.awsKeys.accepted,
    onError: (error) => parts.log.error(error),
  })
  const admin = createAdmin({
    gate,
    limits,
    tally,
    pools: () => poolCounts(fleet),
    exits: () => journal.exits,
    kills: () => journal.kills,
    history,
    lag,
    ready: () => readiness(parts),
    version: VERSION,
    ...(adminToken === undefined ? {} : { token: adminToken }),
  })
  const handlers = { api: parts.api.handle, aws, admin }
  const listening: Partial<Record<keyof ListenOptions, Listening>> = {}
  for (const name of ['api', 'aws', 'admin'] as const) {
    const where = wanted[name]
    if (where === undefined) continue
    const opened = await listen(where, handlers[name], name === 'api' ? parts.api.front : undefined)
    stops.push(() => opened.close(0))
    listening[name] = opened
  }
  return listening
}

export const VERSION = '0.1.0'

function* poolCounts(fleet: Fleet): Iterable<{ functionName: string; counts: PoolCounts }> {
  for (const { fn, pool } of fleet.members()) {
    yield { functionName: fn.name, counts: pool.counts() }
  }
}

interface PoolCounts {
  readonly idle: number
  readonly busy: number
  readonly starting: number
}

function readiness({ draining, rates }: Parts): Readiness {
  const checks = [{ name: 'not draining', ok: !draining }, ...rates.checks()]
  return { ok: checks.every(({ ok }) => ok), checks }
}

async function invokeOnce(
  { app, invoker, fleet }: Parts,
  functionName: string,
  payload: Uint8Array | string,
  { tail = false, waitMs = INVOKE_WAIT_MS }: InvokeOptions = {},
): Promise<Outcome> {
  if (fleet.get(functionName) === undefined) {
    const message = `there is no function ${functionName}`
    throw new SpillwayError('SPILLWAY_FUNCTION_NOT_FOUND', message)
  }
  const id = crypto.randomUUID()
  return await invoker.invoke({
    id,
    functionName,
    payload: { kind: 'json', json: Buffer.from(payload) },
    source: 'invoke',
    deadlineMs: realClock.nowMs() + waitMs,
    invokedArn: functionArn(app.region, app.accountId, functionName),
    traceId: traceIdOf(undefined, id, realClock.wallMs()),
    tail,
  })
}
