import type { Ask, Asker, Decision, Permit } from '../gate/ask.ts'
import type { Waiting } from '../gate/gate.ts'
import { spanOf } from '../runtime/trace.ts'
import { toAsk } from './ask.ts'
import { CANCELLED, THROTTLED } from './failure.ts'
import type { Outcome, Refused, Reservation, Reserved, Wish } from './invocation.ts'
import type { Ending } from './outcome.ts'
import { DRAINING, Run, TOO_LATE, unknownFunction, type Parts, type Target } from './run.ts'

/** Asks the gate for somebody who fetches the work only once it can run. */
export function reserve(parts: Parts, wish: Wish): Promise<Reservation | Refused> {
  return new Promise((resolve) => {
    const target = parts.target(wish.functionName)
    if (target === undefined) resolve(refused(unknownFunction(wish), 0))
    else new Reserving(parts, target, wish, resolve).ask()
  })
}

function refused(ending: Ending, waitedMs: number): Refused {
  return { kind: 'refused', outcome: { ...ending, handlerStarted: false, attempts: 0, waitedMs } }
}

/** One place in the gate's line, of which is not known yet what it is for. */
class Reserving implements Asker {
  readonly #parts: Parts
  readonly #target: Target
  readonly #wish: Wish
  readonly #resolve: (answer: Reservation | Refused) => void
  readonly #ask: { -readonly [Key in keyof Ask]: Ask[Key] }
  #waiting: Waiting | undefined

  constructor(
    parts: Parts,
    target: Target,
    wish: Wish,
    resolve: (answer: Reservation | Refused) => void,
  ) {
    this.#parts = parts
    this.#target = target
    this.#wish = wish
    this.#resolve = resolve
    this.#ask = { ...toAsk(wish, parts.gate.config, parts.clock.nowMs()) }
    parts.stop.running++
  }

  ask(): void {
    const { gate, stop } = this.#parts
    const { caller } = this.#wish
    if (stop.refusing) return this.#refuse(DRAINING)
    this.#waiting = gate.acquire(this.#ask, this)
    if (this.#waiting === undefined) return
    stop.waiting.add(this)
    if (caller !== undefined) caller.waiting = this
  }

  cancel(): void {
    if (this.#waiting !== undefined) this.#parts.gate.cancel(this.#waiting)
  }

  onDecision(decision: Decision): void {
    this.#waiting = undefined
    this.#parts.stop.waiting.delete(this)
    if (this.#wish.caller !== undefined) this.#wish.caller.waiting = undefined
    switch (decision.kind) {
      case 'permit':
        return this.#resolve(this.#reservation(decision.permit))
      case 'throttle': {
        const { blocked } = decision
        return this.#refuse({ status: 'throttled', blocked, failure: THROTTLED }, blocked.waitedMs)
      }
      case 'cancelled':
        return this.#refuse({ status: 'cancelled', failure: CANCELLED }, decision.waitedMs)
      case 'late':
        return this.#refuse(TOO_LATE, decision.waitedMs)
      case 'gone':
        return this.#refuse(unknownFunction(this.#wish), decision.waitedMs)
    }
  }

  #refuse(ending: Ending, waitedMs = 0): void {
    const answer = refused(ending, waitedMs)
    // What was not taken out of its queue has not failed; only a throttle is worth counting.
    if (ending.status === 'throttled') this.#parts.tally.add(this.#wish, answer.outcome)
    this.#parts.stop.leave()
    this.#resolve(answer)
  }

  #reservation(permit: Permit): Reservation {
    return {
      kind: 'reserved',
      run: async (what) => await this.#run(permit, what),
      release: () => {
        permit.release()
        this.#parts.stop.leave()
      },
    }
  }

  /** From here on it is an invocation like any other. */
  #run(permit: Permit, what: Reserved): Promise<Outcome> {
    // Calls that it makes name this span: the gate looks for it among the permits that are held.
    this.#ask.span = spanOf(what.id)
    const target = this.#parts.target(this.#wish.functionName) ?? this.#target
    return new Promise((resolve) => {
      new Run(this.#parts, target, { ...this.#wish, ...what }, resolve).begin(permit)
    })
  }
}
