import { readdirSync, readFileSync } from 'node:fs'
import { Gate } from '../../src/gate/gate.ts'
import { createRetryBudget } from '../../src/invoke/budget.ts'
import type { Outcome } from '../../src/invoke/invocation.ts'
import { createInvoker } from '../../src/invoke/invoker.ts'
import type { LogLine } from '../../src/invoke/journal.ts'
import { createTally, type Tally } from '../../src/invoke/tally.ts'
import { realClock } from '../../src/lib/clock.ts'
import type { FunctionDefinition } from '../../src/model/app.ts'
import { createFleet, type Fleet } from '../../src/runtime/fleet.ts'
import type { PoolEvent } from '../../src/runtime/pool-words.ts'
import { appOf } from '../aws/serve.ts'
import { environmentsOf } from '../support/environments.ts'
import { makeFolder, type Files } from '../support/service.ts'

export interface PartsOptions {
  readonly files: Files
  readonly functions: readonly (Partial<FunctionDefinition> & { readonly name: string })[]
  readonly onEvent?: (functionName: string, event: PoolEvent) => void
  readonly onLog?: (line: LogLine) => void
}

/** Gate, environments and invoker as the server wires them; nothing is kept of what went through. */
export interface Parts {
  readonly folder: string
  readonly fleet: Fleet
  readonly tally: Tally
  readonly gate: Gate
  invoke(functionName: string, event: unknown, id?: string): Promise<Outcome>
  /** Ends everything, what runs included. */
  close(): Promise<void>
}

const DEADLINE_MS = 120_000

export function openParts(options: PartsOptions): Parts {
  const folder = makeFolder({ effects: '', failures: '', ...options.files })
  const common = { taskRoot: folder, environment: { FOLDER: folder } }
  const app = appOf(options.functions.map((given) => ({ ...common, ...given })))
  const tally = createTally()
  const gate = new Gate(app.limits, {
    clock: realClock,
    onEnvironmentWanted: (name) => fleet.get(name)?.pool.reconsider(),
  })
  const fleet = createFleet({
    clock: realClock,
    publishSlots: (name, slots) => gate.setSlots(name, slots),
    wanted: (name) => gate.wanted(name),
    mayStart: (name) => gate.mayStartEnvironment(name),
    onEvent: options.onEvent ?? (() => {}),
    onNote: () => {},
  })
  const budgets = new Map(app.functions.map(({ name }) => [name, createRetryBudget(realClock)]))
  const invoker = createInvoker({
    gate,
    clock: realClock,
    tally,
    log: options.onLog ?? (() => {}),
    target(name) {
      const [member, budget] = [fleet.get(name), budgets.get(name)]
      return member === undefined || budget === undefined ? undefined : { ...member, budget }
    },
  })
  fleet.configure(app, { region: app.region, mode: 'start', path: process.env['PATH'] ?? '' })
  process.once('exit', () => fleet.kill())
  return {
    folder,
    fleet,
    tally,
    gate,
    invoke: (functionName, event, id = crypto.randomUUID()) =>
      invoker.invoke({
        id,
        functionName,
        payload: { kind: 'json', json: Buffer.from(JSON.stringify(event)) },
        source: 'invoke',
        priority: 'batch', // As long as it takes, to the deadline.
        deadlineMs: realClock.nowMs() + DEADLINE_MS,
        invokedArn: `arn:aws:lambda:us-east-1:123456789012:function:${functionName}`,
        traceId: 'Root=1-00000000-000000000000000000000000',
      }),
    async close() {
      const closed = fleet.close()
      for (const { pid } of environmentsOf(process.pid)) process.kill(pid, 'SIGKILL')
      await closed
    },
  }
}

/** Children of this process, zombies included. */
export function childPids(): number[] {
  const text = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8')
  return text.split(' ').filter(Boolean).map(Number)
}

/** File descriptors that are open in a process. */
export function openFiles(pid: number | 'self'): number {
  return readdirSync(`/proc/${pid}/fd`).length
}

/** Calls so many times, at most `atOnce` at a time, as fast as they come back. */
export async function closedLoop(
  count: number,
  atOnce: number,
  call: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) await call(next++)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}
