import type { Clock } from '../lib/clock.ts'
import type { Asker, Decision, Permit } from '../gate/ask.ts'
import type { Gate, Waiting } from '../gate/gate.ts'
import type { FunctionDefinition } from '../model/app.ts'
import { LATE, type Pool } from '../runtime/pool.ts'
import type { Work, WorkEnd } from '../runtime/work.ts'
import { toAsk } from './ask.ts'
import type { RetryBudget } from './budget.ts'
import { Collected } from './collected.ts'
import type { Invocation, Invoker, Outcome } from './invocation.ts'
import { createJournal, type Journal, type LogLine } from './journal.ts'
import { toEnding, type Ending } from './outcome.ts'
import type { Tally } from './tally.ts'

/** A function that can be invoked. */
export interface Target {
  readonly fn: FunctionDefinition
  readonly pool: Pool
  readonly budget: RetryBudget
}

export interface InvokerOptions {
  readonly gate: Gate
  readonly clock: Clock
  readonly target: (functionName: string) => Target | undefined
  readonly log: (line: LogLine) => void
  readonly tally: Tally
}

/** An environment may die under an invocation that has not begun this often before we give up. */
const ATTEMPTS_MAX = 3

/** Takes each invocation through its life: gate, environment, outcome. Nothing else starts work. */
export function createInvoker(options: InvokerOptions): Invoker {
  return {
    invoke: (invocation) =>
      new Promise((resolve) => {
        const target = options.target(invocation.functionName)
        if (target === undefined) {
          resolve({ ...unknownFunction(invocation), ...NOT_STARTED })
          return
        }
        new Run(options, target, invocation, resolve).ask()
      }),
  }
}

const NOT_STARTED = { handlerStarted: false, attempts: 0, waitedMs: 0 }

function unknownFunction({ functionName }: Invocation): Ending {
  return { status: 'platform_error', message: `there is no function ${functionName}` }
}

/** One invocation on its way; also what its environment reports to. */
class Run implements Work, Asker {
  readonly #options: InvokerOptions
  readonly #target: Target
  readonly #invocation: Invocation
  readonly #resolve: (outcome: Outcome) => void
  readonly #journal: Journal
  readonly id: string
  readonly payload: Invocation['payload']
  readonly invokedArn: string
  readonly traceId: string
  readonly clientContext?: string
  readonly deadlineMs: number
  #permit: Permit | undefined
  #waiting: Waiting | undefined
  #attempts = 0
  #startedMs: number | undefined
  #durationMs: number | undefined
  #initMs: number | undefined
  #collected: Collected | undefined

  constructor(
    options: InvokerOptions,
    target: Target,
    invocation: Invocation,
    resolve: (outcome: Outcome) => void,
  ) {
    this.#options = options
    this.#target = target
    this.#invocation = invocation
    this.#resolve = resolve
    this.id = invocation.id
    this.payload = invocation.payload
    this.invokedArn = invocation.invokedArn
    this.traceId = invocation.traceId
    this.deadlineMs = invocation.deadlineMs
    if (invocation.clientContext !== undefined) this.clientContext = invocation.clientContext
    const { log } = options
    this.#journal = createJournal(target.fn, this.id, { tail: invocation.tail ?? false, log })
  }

  ask(): void {
    const { gate, clock } = this.#options
    const { caller } = this.#invocation
    this.#target.budget.onInvocation()
    const ask = toAsk(this.#invocation, gate.config, clock.nowMs())
    this.#waiting = gate.acquire(ask, this)
    if (this.#waiting !== undefined && caller !== undefined) caller.waiting = this
  }

  /** The caller left while this waits. */
  cancel(): void {
    if (this.#waiting !== undefined) this.#options.gate.cancel(this.#waiting)
  }

  onDecision(decision: Decision): void {
    this.#waiting = undefined
    if (this.#invocation.caller !== undefined) this.#invocation.caller.waiting = undefined
    switch (decision.kind) {
      case 'permit':
        this.#permit = decision.permit
        this.#attempts = 1
        return this.#target.pool.run(this)
      case 'throttle': {
        const { blocked } = decision
        return this.#settle({ status: 'throttled', blocked }, blocked.waitedMs)
      }
      case 'cancelled':
        return this.#settle({ status: 'cancelled' }, decision.waitedMs)
      case 'late':
        return this.#settle({ status: 'platform_error', message: LATE }, decision.waitedMs)
      case 'gone':
        return this.#settle(unknownFunction(this.#invocation), decision.waitedMs)
    }
  }

  onStarted(initMs: number | undefined): void {
    this.#startedMs = this.#options.clock.nowMs()
    this.#initMs = initMs
    this.#journal.start()
  }

  onLog(text: string): void {
    this.#journal.write(text)
  }

  onStream(contentType: string): void {
    const { stream } = this.#invocation
    if (stream === undefined) this.#collected = new Collected()
    else stream.start(contentType)
  }

  onChunk(bytes: Uint8Array): boolean {
    if (this.#invocation.stream !== undefined) return this.#invocation.stream.write(bytes)
    this.#collected?.add(bytes)
    return true
  }

  onDrain(resume: () => void): void {
    this.#invocation.stream?.onDrain(resume)
  }

  onEnd(end: WorkEnd): void {
    if (end.kind === 'died' && !end.started && this.#mayRetry()) return this.#rerun()
    const waitedMs = this.#permit?.waitedMs ?? 0
    this.#permit?.release()
    const ending = this.#withCollected(toEnding(end, this.id))
    if (ending.status !== 'platform_error') this.#report(end, ending)
    this.#settle(ending, waitedMs)
  }

  /** Who takes no stream gets all of it at once. */
  #withCollected(ending: Ending): Ending {
    if (this.#collected === undefined || ending.status !== 'ok') return ending
    return this.#collected.toEnding()
  }

  #mayRetry(): boolean {
    return this.#attempts < ATTEMPTS_MAX && this.#target.budget.take()
  }

  #rerun(): void {
    this.#attempts++
    this.#options.tally.addRetry(this.#invocation.functionName)
    this.#target.pool.run(this)
  }

  #report(end: WorkEnd, { status, ...ending }: Ending): void {
    // A handler that could not be loaded never began; its callers read START all the same.
    if (this.#startedMs === undefined) this.#journal.start()
    const error = 'error' in ending ? ending.error : undefined
    const byPlatform = end.kind !== 'error' && error !== undefined
    this.#durationMs = 'durationMs' in end ? end.durationMs : this.#elapsedMs()
    this.#journal.end({
      durationMs: this.#durationMs,
      maxMemoryUsedMb: 'maxMemoryUsedMb' in end ? end.maxMemoryUsedMb : 0,
      ...(this.#initMs === undefined ? {} : { initMs: this.#initMs }),
      status: status === 'timeout' ? 'timeout' : error === undefined ? 'success' : 'error',
      ...(byPlatform ? { errorType: error.errorType } : {}),
    })
  }

  #elapsedMs(): number {
    return this.#startedMs === undefined ? 0 : this.#options.clock.nowMs() - this.#startedMs
  }

  #settle(ending: Ending, waitedMs: number): void {
    const logTail = this.#journal.tail()
    const outcome: Outcome = {
      ...ending,
      handlerStarted: this.#startedMs !== undefined,
      attempts: this.#attempts,
      waitedMs,
      ...(this.#durationMs === undefined ? {} : { durationMs: this.#durationMs }),
      ...(this.#initMs === undefined ? {} : { initMs: this.#initMs }),
      ...(logTail === undefined ? {} : { logTail }),
    }
    this.#options.tally.add(this.#invocation, outcome)
    this.#resolve(outcome)
  }
}
