import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { Gate } from '../../src/gate/gate.ts'
import type { FunctionSnapshot } from '../../src/gate/snapshot.ts'
import { createRetryBudget } from '../../src/invoke/budget.ts'
import type { Invocation, Outcome, StoppableInvoker } from '../../src/invoke/invocation.ts'
import { createInvoker } from '../../src/invoke/invoker.ts'
import type { LogLine } from '../../src/invoke/journal.ts'
import { createTally, type Tally } from '../../src/invoke/tally.ts'
import { realClock, type Clock } from '../../src/lib/clock.ts'
import type { App, FunctionDefinition } from '../../src/model/app.ts'
import { createFleet, type Fleet } from '../../src/runtime/fleet.ts'
import type { PoolEvent } from '../../src/runtime/pool-words.ts'
import { appOf } from '../aws/serve.ts'
import { environmentsOf } from '../support/environments.ts'
import { makeFolder, writeFiles, type Files } from '../support/service.ts'
import { until } from '../support/until.ts'

/**
 * A handler that leaves `start <id> <pid>` and `end <id> <pid>` in a file that is only ever appended
 * to. With `act: 'loop'` it never ends; with `hold` it ends once a file of that name is there.
 */
export const EFFECTS = `
const { appendFileSync, existsSync } = require('node:fs')
const { join } = require('node:path')
const { setTimeout: after } = require('node:timers/promises')
const at = (name) => join(process.env.FOLDER, name)
const say = (what, id) => appendFileSync(at('effects'), what + ' ' + id + ' ' + process.pid + '\\n')
exports.handler = async ({ id, act, hold }) => {
  say('start', id)
  if (act === 'loop') for (;;);
  if (hold === undefined) await new Promise(setImmediate)
  else while (!existsSync(at(hold))) await after(5)
  say('end', id)
  return process.pid
}
`

export interface RigOptions {
  readonly clock?: Clock
  /** Beside `index.js`, which is the handler above unless it is given here. */
  readonly files?: Files
  /** The functions differ from one another, and from the default, by what is given here. */
  readonly functions?: readonly (Partial<FunctionDefinition> & { readonly name: string })[]
}

/** What of an invocation a test may choose. */
export type Given = Partial<Omit<Invocation, 'id' | 'source'>>

/** Gate, environments and invoker as the server wires them, with a clock of one's own. */
export interface Rig {
  readonly folder: string
  readonly gate: Gate
  readonly fleet: Fleet
  readonly tally: Tally
  readonly invoker: StoppableInvoker
  readonly events: PoolEvent[]
  readonly lines: LogLine[]
  readonly app: App
  invoke(event: unknown, given?: Given): Promise<Outcome>
  /** The function's place in the gate. */
  snapshot(functionName?: string): FunctionSnapshot
  /** `[what, id, pid]` of each effect so far, in order. */
  effects(): [what: string, id: string, pid: number][]
  /** How many processes became ready, or went for a reason. */
  count(what: 'ready' | 'idle' | 'died' | 'retired' | 'failed_init'): number
  /** The processes of the environments that run now. */
  pids(): number[]
}

const FUNCTION = 'effect'

/** Opens a rig; everything it started is ended after the test, busy or not. */
export function openRig(t: TestContext, options: RigOptions = {}): Rig {
  const { clock = realClock, functions = [{ name: FUNCTION }] } = options
  const folder = makeFolder({ 'index.js': EFFECTS, effects: '', ...options.files })
  const common = { taskRoot: folder, environment: { FOLDER: folder } }
  const app = appOf(functions.map((given) => ({ ...common, ...given })))
  const parts = wire(app, clock)
  t.after(async () => {
    const closed = parts.fleet.close()
    for (const { pid } of environmentsOf(process.pid)) process.kill(pid, 'SIGKILL')
    await closed
  })
  parts.fleet.configure(app, { region: app.region, mode: 'start', path: process.env['PATH'] ?? '' })
  return {
    ...parts,
    app,
    folder,
    invoke: (event, given) => parts.invoker.invoke(invocationOf(event, given)),
    snapshot(name = FUNCTION) {
      const found = parts.gate.snapshot().functions.find((each) => each.name === name)
      if (found === undefined) throw new Error(`no function ${name}`)
      return found
    },
    effects: () => effectsIn(folder),
    count: (what) =>
      parts.events.filter((event) => (event.kind === 'gone' ? event.reason : event.kind) === what)
        .length,
    pids: () => environmentsOf(process.pid).map(({ pid }) => pid),
  }
}

function wire(
  app: App,
  clock: Clock,
): Pick<Rig, 'gate' | 'fleet' | 'tally' | 'invoker' | 'events' | 'lines'> {
  const events: PoolEvent[] = []
  const lines: LogLine[] = []
  const tally = createTally()
  const gate = new Gate(app.limits, {
    clock,
    onEnvironmentWanted: (name) => fleet.get(name)?.pool.reconsider(),
  })
  const fleet: Fleet = createFleet({
    clock,
    publishSlots: (name, slots) => gate.setSlots(name, slots),
    wanted: (name) => gate.wanted(name),
    mayStart: (name) => gate.mayStartEnvironment(name),
    onEvent: (_, event) => events.push(event),
    onNote: () => {},
  })
  const budget = createRetryBudget(clock)
  const invoker = createInvoker({
    gate,
    clock,
    tally,
    log: (line) => lines.push(line),
    target(name) {
      const member = fleet.get(name)
      return member === undefined ? undefined : { ...member, budget }
    },
  })
  return { gate, fleet, tally, invoker, events, lines }
}

function invocationOf(event: unknown, given: Given = {}): Invocation {
  return {
    id: crypto.randomUUID(),
    functionName: FUNCTION,
    payload: { kind: 'json', json: Buffer.from(JSON.stringify(event) ?? '') },
    source: 'invoke',
    deadlineMs: Infinity,
    invokedArn: `arn:aws:lambda:us-east-1:123456789012:function:${FUNCTION}`,
    traceId: 'Root=1-00000000-000000000000000000000000',
    ...given,
  }
}

function effectsIn(folder: string): [string, string, number][] {
  const lines = readFileSync(join(folder, 'effects'), 'utf8').split('\n').filter(Boolean)
  return lines.map((line) => {
    const [what = '', id = '', pid] = line.split(' ')
    return [what, id, Number(pid)]
  })
}

/** The JSON that a handler returned. @throws {Error} where it did not, with the outcome. */
export function resultOf(outcome: Outcome): unknown {
  if (outcome.status !== 'ok' || outcome.result.kind !== 'json') {
    throw new Error(`expected a result, got: ${JSON.stringify(outcome)}`)
  }
  return JSON.parse(Buffer.from(outcome.result.json).toString())
}

/** Invokes until the handler is known as brief: from then on more than one is delivered at once. */
export async function warmUp(rig: Rig): Promise<void> {
  await until('a handler known as brief', async () => {
    await rig.invoke({ id: 'warm' })
    return rig.snapshot().slots > 1
  })
}

/** Creates the file that those who `hold` wait for. */
export function release(rig: Rig, hold: string): void {
  writeFiles(rig.folder, { [hold]: '' })
}

/** Resolves once the handler of each of these has begun. */
export async function begun(rig: Rig, ...ids: readonly string[]): Promise<void> {
  await until(`the start of ${ids.join(', ')}`, () => {
    const started = new Set(rig.effects().flatMap(([what, id]) => (what === 'start' ? [id] : [])))
    return ids.every((id) => started.has(id))
  })
}
