import { hash } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import type { AuthorizerAnswer } from './authorizer-answer.ts'

/** An answer takes some kilobytes at most, and every token that a client makes up may get one. */
const ANSWERS_MAX = 10_000

/**
 * What authorizers have said, by what they were asked. Policies are kept and not verdicts: each
 * request is held against the policy anew. Whoever asks the same at the same time waits for the one
 * answer. Failures are never kept.
 */
export class AuthorizerCache {
  readonly #clock: Clock
  readonly #answersMax: number
  readonly #kept = new Map<
    string,
    { readonly answer: AuthorizerAnswer; readonly untilMs: number }
  >()
  readonly #asked = new Map<string, Promise<AuthorizerAnswer>>()

  constructor(clock: Clock, answersMax: number = ANSWERS_MAX) {
    this.#clock = clock
    this.#answersMax = answersMax
  }

  /** The answer that holds, at once; else the promise of one. */
  get(
    key: string,
    ttlMs: number,
    ask: () => Promise<AuthorizerAnswer>,
  ): AuthorizerAnswer | Promise<AuthorizerAnswer> {
    const kept = this.#kept.get(key)
    if (kept !== undefined && kept.untilMs > this.#clock.nowMs()) return kept.answer
    const asked = this.#asked.get(key)
    if (asked !== undefined) return asked
    const asking = ask()
      .then((answer) => {
        if (answer.kind === 'policy' || answer.kind === 'simple') this.#keep(key, answer, ttlMs)
        return answer
      })
      .finally(() => this.#asked.delete(key))
    this.#asked.set(key, asking)
    return asking
  }

  /** The oldest makes room. */
  #keep(key: string, answer: AuthorizerAnswer, ttlMs: number): void {
    this.#kept.delete(key)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size >= this.#answersMax && oldest !== undefined) this.#kept.delete(oldest)
    this.#kept.set(key, { answer, untilMs: this.#clock.nowMs() + ttlMs })
  }
}

/** One text for each list of lists: no two of them have the same, whatever is in the values. */
export function cacheKey(parts: readonly (string | readonly string[])[]): string {
  return hash('sha256', JSON.stringify(parts), 'base64')
}
