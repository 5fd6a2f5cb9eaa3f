import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import {
  checkLimits,
  Gate,
  virtualClock,
  type Decision,
  type LimitsConfig,
  type Permit,
  type Priority,
  type Waiting,
} from '../../src/gate/index.ts'
import { mayRun, type Running } from './model.ts'

const NAMES = ['a', 'b', 'c', 'd']
const GROUPS = ['g', 'h']

const count = fc.integer({ min: 0, max: 5 })
const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined })

function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T
}

const limits = fc
  .record({
    maxConcurrency: optional(count),
    guaranteedConcurrency: optional(fc.integer({ min: 0, max: 2 })),
  })
  .map(defined)

/** Any configuration whose sums fit. */
const config = fc
  .record({
    account: fc.record({ maxConcurrency: fc.integer({ min: 0, max: 8 }) }),
    groups: fc.dictionary(fc.constantFrom(...GROUPS), limits),
    functions: fc.tuple(
      ...NAMES.map(() =>
        fc.tuple(limits, fc.constantFrom(...GROUPS), optional(fc.integer({ min: 0, max: 2 }))),
      ),
    ),
  })
  .map(({ account, groups, functions }) => ({
    account,
    groups,
    functions: Object.fromEntries(
      functions.map(([own, group, reservedConcurrency], at) => [
        NAMES[at] as string,
        defined({
          ...own,
          group,
          ...(reservedConcurrency === undefined ? {} : { reservedConcurrency }),
        }),
      ]),
    ),
  }))
  .map((each) => each as LimitsConfig)
  .filter((each) => {
    try {
      checkLimits(each)
      return true
    } catch {
      return false
    }
  })

const name = fc.constantFrom(...NAMES)
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('ask' as const),
      name,
      priority: fc.constantFrom<Priority>('interactive', 'async', 'batch'),
      maxWaitMs: fc.constantFrom(0, 5, 50, Infinity),
      forMs: fc.constantFrom(3, 30, 1000),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('release' as const), at: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const), at: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('advance' as const),
      ms: fc.integer({ min: 0, max: 40 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('slots' as const), name, slots: count }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('configure' as const), config }) },
)

type Step = typeof step extends fc.Arbitrary<infer Each> ? Each : never

interface Asked {
  readonly name: string
  readonly rank: number
  readonly ticket: number
  readonly deadlineMs: number
  readonly maxWaitMs: number
  decision: Decision | undefined
  waiting: Waiting | undefined
}

const PRIORITIES: readonly Priority[] = ['interactive', 'async', 'batch']

/** A gate beside the oracle: everything that was asked, and what the oracle thinks runs. */
class World {
  readonly clock = virtualClock()
  readonly gate: Gate
  readonly running: Running = new Map()
  readonly slots = new Map(NAMES.map((each) => [each, 2]))
  readonly asked: Asked[] = []
  readonly permits: { permit: Permit; name: string }[] = []
  config: LimitsConfig

  constructor(start: LimitsConfig) {
    this.config = start
    this.gate = new Gate(start, { clock: this.clock })
    for (const [each, slots] of this.slots) this.gate.setSlots(each, slots)
  }

  do(what: Step): void {
    switch (what.do) {
      case 'ask':
        return this.#ask(what)
      case 'release': {
        const [released] = this.permits.splice(what.at % Math.max(1, this.permits.length), 1)
        if (released === undefined) return
        this.#count(released.name, -1)
        return released.permit.release()
      }
      case 'cancel': {
        const inLine = this.asked.filter(({ decision }) => decision === undefined)
        const waiting = inLine[what.at % Math.max(1, inLine.length)]?.waiting
        return waiting === undefined ? undefined : this.gate.cancel(waiting)
      }
      case 'advance':
        return this.clock.advance(what.ms)
      case 'slots':
        this.slots.set(what.name, what.slots)
        return this.gate.setSlots(what.name, what.slots)
      case 'configure':
        this.config = what.config
        return this.gate.configure(what.config)
    }
  }

  #ask(what: { name: string; priority: Priority; maxWaitMs: number; forMs: number }): void {
    const asked: Asked = {
      name: what.name,
      rank: PRIORITIES.indexOf(what.priority),
      ticket: this.asked.length,
      deadlineMs: this.clock.nowMs() + what.forMs,
      maxWaitMs: what.maxWaitMs,
      decision: undefined,
      waiting: undefined,
    }
    this.asked.push(asked)
    const { name: functionName, priority, maxWaitMs } = what
    const ask = { functionName, priority, maxWaitMs, deadlineMs: asked.deadlineMs }
    asked.waiting = this.gate.acquire(ask, {
      onDecision: (decision) => {
        assert.equal(asked.decision, undefined, 'told once')
        asked.decision = decision
        if (decision.kind !== 'permit') return
        assert.ok(this.fits(what.name), `${what.name} was let in where the oracle sees no room`)
        this.#noElderWaits(asked)
        this.permits.push({ permit: decision.permit, name: what.name })
        this.#count(what.name, 1)
      },
    })
  }

  /** Nobody who could run instead goes before: of a higher priority, or older within the same. */
  #noElderWaits(asked: Asked): void {
    const elder = this.asked.find(
      (each) =>
        each.decision === undefined &&
        each !== asked &&
        (each.rank < asked.rank || (each.rank === asked.rank && each.ticket < asked.ticket)) &&
        this.fits(each.name),
    )
    assert.equal(elder, undefined, 'nobody goes past an elder')
  }

  fits(each: string): boolean {
    const used = this.running.get(each) ?? 0
    return used < (this.slots.get(each) ?? 0) && mayRun(this.config, this.running, each)
  }

  #count(each: string, by: number): void {
    this.running.set(each, (this.running.get(each) ?? 0) + by)
  }

  check(): void {
    const inLine = this.asked.filter(({ decision }) => decision === undefined)
    for (const each of inLine) {
      assert.ok(!this.fits(each.name), `${each.name} waits although it fits`)
      assert.ok(each.deadlineMs > this.clock.nowMs(), 'left by its deadline')
    }
    const { account, functions } = this.gate.snapshot()
    const total = [...this.running.values()].reduce((sum, each) => sum + each, 0)
    assert.equal(account.inUse, total)
    for (const fn of functions) {
      assert.equal(fn.inUse, this.running.get(fn.name) ?? 0)
      const { interactive, async, batch } = fn.waiting
      const waiting = inLine.filter((each) => each.name === fn.name).length
      assert.equal(interactive + async + batch, waiting)
    }
  }

  settle(): void {
    this.clock.advance(2000)
    assert.ok(
      this.asked.every(({ decision }) => decision !== undefined),
      'nobody waits for ever',
    )
    while (this.permits.length > 0) this.do({ do: 'release', at: 0 })
    const { account, groups } = this.gate.snapshot()
    assert.equal(account.inUse, 0)
    for (const group of groups) assert.equal(group.inUse, 0)
  }
}

it(
  'agrees with a brute-force oracle through any history, limits changing live',
  { timeout: 120_000 },
  () => {
    const history = fc.tuple(config, fc.array(step, { maxLength: 120, size: 'max' }))
    fc.assert(
      fc.property(history, ([start, steps]) => {
        const world = new World(start)
        for (const each of steps) {
          world.do(each)
          world.check()
        }
        world.settle()
      }),
      { numRuns: 5000 },
    )
  },
)
