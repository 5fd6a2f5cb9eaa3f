import { realClock } from './lib/clock.ts'
import { SpillwayError } from './lib/errors.ts'
import { createLineWriter } from './lib/line-writer.ts'
import { listen, type Listen, type Listening } from './lib/listen.ts'
import { createLog, type Log } from './lib/log.ts'
import { openSavedLimits } from './admin/saved-limits.ts'
import { createAdmin } from './admin/server.ts'
import { createAwsEndpoint } from './aws/endpoint.ts'
import { Gate } from './gate/gate.ts'
import { checkLimits, type LimitChange, type LimitsControl } from './gate/limits/limits.ts'
import { createLimitsControl, type LiveLimits } from './gate/limits/live-limits.ts'
import type { GateSnapshot } from './gate/snapshot.ts'
import { createApi, type Api, type RequestFacts } from './http/api.ts'
import { createRetryBudget, type RetryBudget } from './invoke/budget.ts'
import { traceIdOf } from './invoke/headers.ts'
import type { Invoker, Outcome } from './invoke/invocation.ts'
import { createInvoker, type Target } from './invoke/invoker.ts'
import type { LogLine } from './invoke/journal.ts'
import { createTally, type Tally } from './invoke/tally.ts'
import type { App } from './model/app.ts'
import { functionArn } from './model/arn.ts'
import { provisionedOf } from './model/arithmetic.ts'
import { checkFailpoints } from './runtime/check-failpoints.ts'
import { createFleet, type Fleet } from './runtime/fleet.ts'
import type { PoolEvent } from './runtime/pool-words.ts'

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
   * @throws {SpillwayError} SPILLWAY_LIMITS; then nothing has changed.
   */
  reload(app: App): void
  /** Answers what has come, takes no more, ends every environment. */
  close(): Promise<void>
}

export interface InvokeOptions {
  /** Keep the last 4 KiB of the log. */
  readonly tail?: boolean
  /** How long to wait for the start. Default 60 s; the run itself is bounded by the function's timeout. */
  readonly waitMs?: number
}

const INVOKE_WAIT_MS = 60_000
/** How long what runs may still take once the server is to stop; then it is interrupted. */
const DRAIN_MS = 30_000

/**
 * Starts serving an App.
 * @throws {SpillwayError} SPILLWAY_PORT_TAKEN, SPILLWAY_LIMITS, or SPILLWAY_EXPOSED when the AWS or
 *   admin listener is to be reachable from elsewhere without credentials.
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
  readonly invoker: Invoker
  readonly api: Api
  readonly exits: Map<string, number>
}

function assemble(options: SpillwayOptions): Parts {
  const { app } = options
  checkLimits(app.limits)
  const clock = realClock
  const log = options.log ?? createLog('info')
  const writeLog = options.onLog ?? stdoutLog
  const tally = createTally()
  const exits = new Map<string, number>()
  const gate = new Gate(app.limits, {
    clock,
    onEnvironmentWanted: (name) => fleet.get(name)?.pool.reconsider(),
  })
  const fleet: Fleet = createFleet({
    clock,
    publishSlots: (name, slots) => gate.setSlots(name, slots),
    wanted: (name) => gate.wanted(name),
    mayStart: (name) => gate.mayStartEnvironment(name),
    onEvent: (name, event) => onPoolEvent(name, event, { exits, writeLog }),
    onNote: (message) => log.warn(message),
  })
  const invoker = createInvoker({ gate, clock, tally, log: writeLog, target: targets(fleet) })
  const limits = createLimitsControl(
    gate,
    (change) => {
      log.info({ change }, 'limits changed')
      for (const sentence of drainsOf(gate, change.changes)) log.warn(sentence)
      keepWarm(gate, fleet)
    },
    {
      clock,
      keys: () => new Map(parts.app.functions.map(({ name, key }) => [name, key])),
      onTrouble: (sentence) => log.warn(sentence),
      ...(options.dataDir === undefined ? {} : { saved: openSavedLimits(options.dataDir) }),
    },
  )
  const api = createApi({
    invoker,
    clock,
    draining: () => parts.draining,
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
    api,
    exits,
  }
  return parts
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

function onPoolEvent(
  functionName: string,
  event: PoolEvent,
  { exits, writeLog }: { exits: Map<string, number>; writeLog: (line: LogLine) => void },
): void {
  if (event.kind === 'gone') exits.set(event.reason, (exits.get(event.reason) ?? 0) + 1)
  if (event.kind !== 'log') return
  for (const text of event.text.replace(/\n$/, '').split('\n')) {
    writeLog({ functionName, requestId: undefined, text, platform: false })
  }
}

/** One for the process: what several instances write goes to the same place. */
const stdout = createLineWriter(process.stdout)
process.once('exit', () => stdout.flush())

function stdoutLog({ text }: LogLine): void {
  stdout.write(text)
}

async function open(
  options: SpillwayOptions,
  parts: Parts,
  stops: (() => Promise<void>)[],
): Promise<Spillway> {
  const listening = await openListeners(options, parts, stops)
  stops.push(() => parts.fleet.close())
  const apply = (app: App): void => {
    parts.app = app
    parts.fleet.configure(app, {
      region: app.region,
      mode: options.mode ?? 'start',
      awsUrl: listening.aws?.url,
      path: process.env['PATH'] ?? '',
    })
    keepWarm(parts.gate, parts.fleet)
    parts.api.configure(app)
  }
  apply(options.app)
  // Whatever ends this process, a handler that loops for ever must not outlive it.
  const kill = (): void => parts.fleet.kill()
  process.once('exit', kill)

  return {
    urls: Object.fromEntries(Object.entries(listening).map(([name, { url }]) => [name, url])),
    limits: parts.limits,
    snapshot: () => parts.gate.snapshot(),
    invoke: (name, payload, how) => invokeOnce(parts, name, payload, how),
    reload(app) {
      parts.limits.rebase(app.limits)
      apply(app)
    },
    async close() {
      parts.draining = true
      const { admin, ...doors } = listening
      const overdue = setTimeout(kill, DRAIN_MS)
      await Promise.all(Object.values(doors).map((door) => door.close(DRAIN_MS)))
      await parts.fleet.close()
      clearTimeout(overdue)
      process.off('exit', kill)
      // Last: until then `/readyz` says 503, and not nothing.
      await admin?.close(0)
    },
  }
}

async function openListeners(
  { listen: wanted = {}, adminToken }: SpillwayOptions,
  parts: Parts,
  stops: (() => Promise<void>)[],
): Promise<Partial<Record<keyof ListenOptions, Listening>>> {
  const { invoker, limits, gate, tally, fleet, exits } = parts
  const aws = createAwsEndpoint({
    app: () => parts.app,
    invoker,
    limits,
    warmth: (name) => fleet.get(name)?.pool.warmth(),
    clock: realClock,
    onError: (error) => parts.log.error(error),
  })
  const admin = createAdmin({
    gate,
    limits,
    tally,
    pools: () => poolCounts(fleet),
    exits: () => exits,
    ready: () => readiness(parts),
    version: VERSION,
    ...(adminToken === undefined ? {} : { token: adminToken }),
  })
  const handlers = { api: parts.api.handle, aws, admin }
  const listening: Partial<Record<keyof ListenOptions, Listening>> = {}
  for (const name of ['api', 'aws', 'admin'] as const) {
    const where = wanted[name]
    if (where === undefined) continue
    const opened = await listen(where, handlers[name])
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

function readiness({ draining }: Parts): { ok: boolean; checks: { name: string; ok: boolean }[] } {
  return { ok: !draining, checks: [{ name: 'not draining', ok: !draining }] }
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

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost'])

function exposed(where?: Listen): boolean {
  return !LOOPBACK.has(where?.host ?? '127.0.0.1')
}

/** Whoever reaches these two listeners can run and change everything. */
function refuseExposure({ listen: wanted = {}, adminToken }: SpillwayOptions): void {
  if (exposed(wanted.aws)) {
    throw new SpillwayError(
      'SPILLWAY_EXPOSED',
      `the AWS endpoint does not check signatures yet, so it binds to loopback only, not to ${wanted.aws?.host}`,
    )
  }
  if (exposed(wanted.admin) && adminToken === undefined) {
    throw new SpillwayError(
      'SPILLWAY_EXPOSED',
      `the admin listener on ${wanted.admin?.host} needs SPILLWAY_ADMIN_TOKEN, or bind it to 127.0.0.1`,
    )
  }
}
