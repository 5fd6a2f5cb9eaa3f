import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Decision } from '../../src/gate/index.ts'
import type { FunctionLimits, LimitsConfig } from '../../src/model/limits.ts'
import { countOf, openGate, permitOf, times, type Asked, type GateRig } from './rig.ts'

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

type Step = typeof step extends fc.Arbitrary<infer Each> ? Each : never

function answerOf(decision: Decision | undefined): Answer {
  if (decision?.kind === 'permit') return 'runs'
  assert.equal(decision?.kind, 'throttle', 'nobody waits on Lambda')
  const { scope, why } = decision.blocked
  const whose = scope === 'account' ? 'account' : 'function'
  return why === 'rate' ? `${whose} rate` : whose
}

/** A gate and a Lambda to which the same happens. */
class World {
  readonly #given: LimitsConfig
  readonly #rig: GateRig
  readonly #lambda: Lambda
  readonly #running: { readonly asked: Asked; readonly target: string }[] = []

  constructor(given: LimitsConfig) {
    this.#given = given
    this.#rig = openGate(given, 1000)
    this.#lambda = new Lambda(given)
  }

  do(what: Step): void {
    if (what.do === 'wait') return this.#rig.clock.advance(what.ms)
    if (what.do === 'end') return this.#end(what.at)
    for (let time = 0; time < what.times; time++) {
      this.#ask(what.name, what.ofVersion)
      // A burst of short ones: it is their rate that counts.
      if (what.times > 5) this.#end(this.#running.length - 1)
    }
  }

  #ask(name: string, ofVersion: boolean): void {
    const version = ofVersion ? { version: VERSION } : {}
    const asked = this.#rig.ask(name, { maxWaitMs: 0, ...version })
    const answer = answerOf(asked.decision)
    assert.equal(answer, this.#lambda.ask(name, ofVersion, this.#rig.clock.nowMs()))
    const hasVersion = this.#given.functions[name]?.versions !== undefined
    const target = ofVersion && hasVersion ? `${name}:${VERSION}` : name
    if (answer === 'runs') this.#running.push({ asked, target })
  }

  #end(at: number): void {
    const [ended] = this.#running.splice(at % Math.max(1, this.#running.length), 1)
    if (ended === undefined) return
    permitOf(ended.asked).release()
    this.#lambda.end(ended.target)
  }
}

describe('Mode aws', () => {
  const aws: LimitsConfig = {
    account: { maxConcurrency: 10 },
    functions: { load: { group: 'etl' } },
    mode: 'aws',
    groups: { api: { guaranteedConcurrency: 5 }, etl: { maxConcurrency: 1 } },
  }

  it('knows no groups, and is left as it was entered', () => {
    const { ask, gate } = openGate(aws)
    assert.equal(
      countOf(
        times(12, () => ask('load', { maxWaitMs: 0 })),
        'permit',
      ),
      10,
    )
    const { mode: _, ...ours } = aws
    gate.configure(ours)
    assert.equal(gate.snapshot().groups.find(({ name }) => name === 'etl')?.over, 9)
  })

  it('keeps the room of those whose environment is being started', () => {
    const functions = { load: { group: 'etl' }, get: { group: 'api' } }
    const { ask, gate } = openGate({ ...aws, functions, account: { maxConcurrency: 2 } }, 0)
    gate.setSlots('get', 5)
    const starting = times(2, () => ask('load', { maxWaitMs: 0 }))
    assert.equal(countOf([ask('get', { maxWaitMs: 0 })], 'throttle'), 1)
    gate.setSlots('load', 2)
    assert.equal(countOf(starting, 'permit'), 2)
  })

  it('bounds how fast environments of a function are started', () => {
    const { gate, clock } = openGate(aws)
    const start = (): boolean => gate.mayStartEnvironment('load')
    const granted = Array.from({ length: 1200 }, start)
    assert.equal(granted.filter(Boolean).length, 1000)
    clock.advance(500)
    assert.equal(Array.from({ length: 100 }, start).filter(Boolean).length, 50)
  })

  it('decides as Lambda’s own rules do, at their word', () => {
    fc.assert(
      fc.property(config, fc.array(step, { maxLength: 60, size: 'max' }), (given, steps) => {
        const world = new World(given)
        for (const each of steps) world.do(each)
      }),
      { numRuns: 3000 },
    )
  })
})
