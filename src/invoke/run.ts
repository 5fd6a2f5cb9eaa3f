import type { Clock } from '../lib/clock.ts'
import type { Asker, Decision, Permit } from '../gate/ask.ts'
import type { Gate, Waiting } from '../gate/gate.ts'
import type { FunctionDefinition } from '../model/app.ts'
import { LATE, type Pool } from '../runtime/pool.ts'
import type { Died, Work, WorkEnd } from '../runtime/work.ts'
import { toAsk } from './ask.ts'
import type { RetryBudget } from './budget.ts'
import { Collected } from './collected.ts'
import { CANCELLED, ofPlatform, THROTTLED, unstartedReason } from './failure.ts'
import type { Invocation, Outcome } from './invocation.ts'
import { createJournal, type Journal, type LogLine } from './journal.ts'
import { describeExit, toEnding, type Ending } from './outcome.ts'
import type { Stop } from './stop.ts'
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

/**
 * An environment may die under an invocation that has not begun this often before we give up. Where
 * two in a hundred freeze, one invocation in 125,000 meets three in a row, and one in 300 million five.
 */
const ATTEMPTS_MAX = 5

/** What every invocation of a node shares. */
export interface Parts extends InvokerOptions {
  readonly stop: Stop
}

/** Where the function went away, or never was. */
export function unknownFunction({ functionName }: Pick<Invocation, 'functionName'>): Ending {
  const message = `there is no function ${functionName}`
  return { status: 'platform_error', message, failure: ofPlatform('gone') }
}

/** The node stops. */
export const DRAINING: Ending = {
  status: 'platform_error',
  message: 'this node is stopping; send it to another',
  failure: ofPlatform('draining'),
}

/** An environment alone was missing. */
export const TOO_LATE: Ending = {
  status: 'platform_error',
  message: LATE,
  failure: ofPlatform('deadline'),
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

/** One invocation on its way; also what its environment reports to. */
export class Run implements Work, Asker {
  readonly #options: Parts
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
    options: Parts,
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
    const { log, tally } = options
    this.#journal = createJournal(target.fn, this.id, {
      tail: invocation.tail ?? false,
      log,
      onCut: () => tally.addCutLine(target.fn.name),
    })
  }

  ask(): void {
    const { gate, clock, stop } = this.#options
    const { caller } = this.#invocation
    stop.running++
    if (stop.refusing) return this.#settle(DRAINING, 0)
    this.#target.budget.onInvocation()
    const ask = toAsk(this.#invocation, gate.config, clock.nowMs())
    this.#waiting = gate.acquire(ask, this)
    if (this.#waiting === undefined) return
    stop.waiting.add(this)
    if (caller !== undefined) caller.waiting = this
  }

  /** Runs with a permit that was reserved; whoever reserved it has counted it as running. */
  begin(permit: Permit): void {
    this.#target.budget.onInvocation()
    this.#start(permit)
  }

  #start(permit: Permit): void {
    this.#permit = permit
    this.#attempts = 1
    this.#target.pool.run(this)
  }

  /** The caller left while this waits. */
  cancel(): void {
    if (this.#waiting !== undefined) this.#options.gate.cancel(this.#waiting)
  }

  onDecision(decision: Decision): void {
    this.#waiting = undefined
    this.#options.stop.waiting.delete(this)
    if (this.#invocation.caller !== undefined) this.#invocation.caller.waiting = undefined
    switch (decision.kind) {
      case 'permit':
        return this.#start(decision.permit)
      case 'throttle': {
        const { blocked } = decision
        return this.#settle({ status: 'throttled', blocked, failure: THROTTLED }, blocked.waitedMs)
      }
      case 'cancelled':
        return this.#settle(this.#cancelled(), decision.waitedMs)
      case 'late':
        return this.#settle(TOO_LATE, decision.waitedMs)
      case 'gone':
        return this.#settle(unknownFunction(this.#invocation), decision.waitedMs)
    }
  }

  onStarted(initMs: number | undefined): void {
    this.#startedMs = this.#options.clock.nowMs()
    this.#initMs = initMs
    if (this.#invocation.caller !== undefined) this.#invocation.caller.begun = true
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
    if (end.kind === 'died' && !end.started && this.#mayRetry()) return this.#rerun(end)
    const waitedMs = this.#permit?.waitedMs ?? 0
    this.#permit?.release()
    const ending = this.#withCollected(toEnding(end, this.id))
    if (ending.status === 'platform_error') {
      return this.#settle(this.#options.stop.refusing ? DRAINING : ending, waitedMs)
    }
    this.#report(end, ending)
    this.#settle(ending, waitedMs)
  }

  /** Who takes no stream gets all of it at once. */
  #withCollected(ending: Ending): Ending {
    if (this.#collected === undefined || ending.status !== 'ok') return ending
    return this.#collected.toEnding()
  }

  #mayRetry(): boolean {
    return this.#attempts < ATTEMPTS_MAX && !this.#options.stop.givingUp
  }

  /** At once, or when the budget allows: whoever has time left is not told of what can be mended. */
  #rerun(end: Died): void {
    const { budget } = this.#target
    if (!budget.take()) {
      this.#options.clock.after(budget.restMs(), () => this.onEnd(end))
      return
    }
    const { reason } = end
    this.#attempts++
    const why = unstartedReason(reason)
    this.#options.tally.addRetry(this.#invocation.functionName, why)
    const { code, signal } = reason
    this.#journal.retry({ attempt: this.#attempts, reason: why, code, signal })
    this.#target.pool.run(this)
  }

  #report(end: WorkEnd, ending: Ending): void {
    // A handler that could not be loaded never began; its callers read START all the same.
    if (this.#startedMs === undefined) this.#journal.start()
    const { status } = ending
    const error = 'error' in ending ? ending.error : undefined
    const byPlatform = end.kind !== 'error' && error !== undefined
    if (end.kind === 'died' && error !== undefined) {
      this.#journal.crash(describeExit(end.reason), error.errorType)
    }
    this.#durationMs = 'durationMs' in end ? end.durationMs : this.#elapsedMs()
    const report: Mutable<Parameters<Journal['end']>[0]> = {
      durationMs: this.#durationMs,
      maxMemoryUsedMb: 'maxMemoryUsedMb' in end ? end.maxMemoryUsedMb : 0,
      status: status === 'timeout' ? 'timeout' : error === undefined ? 'success' : 'error',
    }
    if (this.#initMs !== undefined) report.initMs = this.#initMs
    if (byPlatform) report.errorType = error.errorType
    this.#journal.end(report)
  }

  #elapsedMs(): number {
    return this.#startedMs === undefined ? 0 : this.#options.clock.nowMs() - this.#startedMs
  }

  #cancelled(): Ending {
    const { givingUp } = this.#options.stop
    return givingUp ? DRAINING : { status: 'cancelled', failure: CANCELLED }
  }

  /** What the outcome does not tell: a caller that left, or was answered before the handler began. */
  #countUntold(): void {
    const { tally, clock } = this.#options
    const { functionName, caller, deadlineMs } = this.#invocation
    const startedMs = this.#durationMs === undefined ? undefined : clock.nowMs() - this.#durationMs
    if (startedMs !== undefined && startedMs > deadlineMs) {
      tally.addError(functionName, 'platform', 'start_timeout', false)
    } else if (caller?.left === true && this.#startedMs !== undefined) {
      tally.addError(functionName, 'client', 'disconnected', true)
    }
  }

  #settle(ending: Ending, waitedMs: number): void {
    const outcome: Mutable<Outcome> = {
      ...ending,
      handlerStarted: this.#startedMs !== undefined,
      attempts: this.#attempts,
      waitedMs,
    }
    if (this.#durationMs !== undefined) outcome.durationMs = this.#durationMs
    if (this.#initMs !== undefined) outcome.initMs = this.#initMs
    const logTail = this.#journal.tail()
    if (logTail !== undefined) outcome.logTail = logTail
    this.#options.tally.add(this.#invocation, outcome)
    this.#countUntold()
    this.#options.stop.leave()
    this.#resolve(outcome)
  }
}
