import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Gate, virtualClock, type Decision, type Permit } from '../../src/gate/index.ts'
import type { FunctionLimits, LimitsConfig } from '../../src/model/limits.ts'

/**
 * Mode `aws` beside Lambda's rules taken at their word ("Understanding Lambda function scaling",
 * "Configuring provisioned concurrency"), which know nothing of trees, claims or lines.
 */

const FUNCTIONS = ['a', 'b', 'c']
const VERSION = '1'

type Answer = 'runs' | 'account' | 'function' | 'account rate' | 'function rate'

/** One account of Lambda. What runs of a version counts as provisioned as far as that goes. */
class Lambda {
  readonly #limit: number
  readonly #reserved: ReadonlyMap<string, number>
  readonly #provisioned: ReadonlyMap<string, number>
  /** `a` runs `$LATEST`, `a:1` the version. */
  readonly running = new Map<string, number>()
  /** Requests of the last second, by pool: a bucket of ten times its concurrency. */
  readonly #tokens = new Map<string, { left: number; atMs: number }>()

  constructor({ account, functions }: LimitsConfig) {
    this.#limit = account.maxConcurrency
    const given = Object.entries(functions)
    this.#reserved = new Map(
      given.flatMap(([name, { reservedConcurrency: count }]) =>
        count === undefined ? [] : [[name, count]],
      ),
    )
    this.#provisioned = new Map(
      given.map(([name, { versions }]) => [name, versions?.[VERSION]?.provisionedConcurrency ?? 0]),
    )
  }

  ask(name: string, ofVersion: boolean, nowMs: number): Answer {
    const provisioned = this.#provisioned.get(name) ?? 0
    const target = ofVersion && provisioned > 0 ? `${name}:${VERSION}` : name
    const fitsProvisioned = target !== name && this.#runs(target) < provisioned
    const reserved = this.#reserved.get(name)
    const isFull =
      reserved === undefined
        ? this.#unreservedInUse() >= this.#unreserved()
        : this.#onDemand(name) >= reserved - provisioned
    if (!fitsProvisioned && isFull) return reserved === undefined ? 'account' : 'function'
    const pool = reserved === undefined ? 'account' : name
    if (!this.#takeToken(pool, 10 * (reserved ?? this.#limit), nowMs)) {
      return reserved === undefined ? 'account rate' : 'function rate'
    }
    this.running.set(target, this.#runs(target) + 1)
    return 'runs'
  }

  end(target: string): void {
    this.running.set(target, this.#runs(target) - 1)
  }

  #runs(target: string): number {
    return this.running.get(target) ?? 0
  }

  /** What of a function runs neither on provisioned concurrency. */
  #onDemand(name: string): number {
    const spilled = this.#runs(`${name}:${VERSION}`) - (this.#provisioned.get(name) ?? 0)
    return this.#runs(name) + Math.max(0, spilled)
  }

  #unreserved(): number {
    return FUNCTIONS.reduce(
      (left, name) => left - (this.#reserved.get(name) ?? this.#provisioned.get(name) ?? 0),
      this.#limit,
    )
  }

  #unreservedInUse(): number {
    const shared = FUNCTIONS.filter((name) => !this.#reserved.has(name))
    return shared.reduce((sum, name) => sum + this.#onDemand(name), 0)
  }

  #takeToken(pool: string, perSecond: number, nowMs: number): boolean {
    const { left, atMs } = this.#tokens.get(pool) ?? { left: perSecond, atMs: nowMs }
    const now = Math.min(perSecond, left + ((nowMs - atMs) / 1000) * perSecond)
    const isLeft = now >= 1
    this.#tokens.set(pool, { left: isLeft ? now - 1 : now, atMs: nowMs })
    return isLeft
  }
}

const config = fc
  .record({
    max: fc.integer({ min: 1, max: 12 }),
    each: fc.tuple(
      ...FUNCTIONS.map(() =>
        fc.record({
          reserved: fc.option(fc.integer({ min: 0, max: 4 })),
          provisioned: fc.integer({ min: 0, max: 2 }),
          // What Lambda does not know, and mode `aws` must not either.
          maxConcurrency: fc.option(fc.integer({ min: 0, max: 2 })),
        }),
      ),
    ),
  })
  .map(({ max, each }): LimitsConfig => {
    let left = max
    const take = (count: number): number => {
      const taken = Math.min(count, left)
      left -= taken
      return taken
    }
    const functions = each.map((given, at): [string, FunctionLimits] => {
      const kept = take(given.reserved ?? given.provisioned)
      const provisioned = Math.min(given.provisioned, kept)
      return [
        FUNCTIONS[at] ?? '',
        {
          group: 'g',
          maxWaitMs: 1000,
          ...(given.reserved === null ? {} : { reservedConcurrency: kept }),
          ...(given.maxConcurrency === null ? {} : { maxConcurrency: given.maxConcurrency }),
          ...(provisioned === 0
            ? {}
            : { versions: { [VERSION]: { provisionedConcurrency: provisioned } } }),
        },
      ]
    })
    return {
      mode: 'aws',
      account: { maxConcurrency: max, headroom: { batch: 1 } },
      groups: { g: { maxConcurrency: 1, guaranteedConcurrency: 1 } },
      functions: Object.fromEntries(functions),
    }
  })

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('ask' as const),
      name: fc.constantFrom(...FUNCTIONS),
      ofVersion: fc.boolean(),
      // A burst: rates are ten times as wide as concurrency.
      times: fc.integer({ min: 1, max: 30 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('end' as const), at: fc.nat() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.integer({ max: 300, min: 0 }),
    }),
  },
)

function answerOf(decision: Decision | undefined): Answer {
  if (decision?.kind === 'permit') return 'runs'
  assert.equal(decision?.kind, 'throttle', 'nobody waits on Lambda')
  const { scope, why } = decision.blocked
  const whose = scope === 'account' ? 'account' : 'function'
  return why === 'rate' ? `${whose} rate` : whose
}

describe('Mode aws', () => {
  it('decides as Lambda’s own rules do, at their word', () => {
    fc.assert(
      fc.property(config, fc.array(step, { maxLength: 60, size: 'max' }), (given, steps) => {
        const clock = virtualClock()
        const gate = new Gate(given, { clock })
        for (const name of FUNCTIONS) gate.setSlots(name, 1000)
        const lambda = new Lambda(given)
        const running: { permit: Permit; target: string }[] = []
        const ask = (name: string, ofVersion: boolean): void => {
          let decision: Decision | undefined
          const question = {
            functionName: name,
            priority: 'interactive',
            maxWaitMs: 0,
            deadlineMs: Infinity,
            ...(ofVersion ? { version: VERSION } : {}),
          } as const
          gate.acquire(question, { onDecision: (each) => void (decision = each) })
          const hasVersion = given.functions[name]?.versions !== undefined
          const expected = lambda.ask(name, ofVersion, clock.nowMs())
          assert.equal(answerOf(decision), expected)
          const target = ofVersion && hasVersion ? `${name}:${VERSION}` : name
          const answer = decision as Decision | undefined
          if (answer?.kind === 'permit') running.push({ permit: answer.permit, target })
        }
        const end = (at: number): void => {
          const [ended] = running.splice(at % Math.max(1, running.length), 1)
          ended?.permit.release()
          if (ended !== undefined) lambda.end(ended.target)
        }
        for (const each of steps) {
          if (each.do === 'wait') clock.advance(each.ms)
          else if (each.do === 'end') end(each.at)
          else {
            for (let time = 0; time < each.times; time++) {
              ask(each.name, each.ofVersion)
              // A burst of short ones: it is their rate that counts.
              if (each.times > 5) end(running.length - 1)
            }
          }
        }
      }),
      { numRuns: 3000 },
    )
  })
})
