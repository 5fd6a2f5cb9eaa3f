import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  Gate,
  virtualClock,
  type Decision,
  type Permit,
  type Waiting,
} from '../../src/gate/index.ts'
import type { LimitsConfig } from '../../src/model/limits.ts'
import { histories, LAYOUT, priorityOf, type History, type Step } from './histories.ts'
import {
  isAbsorbed,
  isGuaranteed,
  limitsFit,
  mayRun,
  modelOf,
  pathOf,
  sumsOf,
  type Model,
} from './model.ts'

/** `npm run test:deep` plays ten times as many. */
const RUNS = Number(process.env['GATE_RUNS'] ?? 200_000)
/** A test each, so that none takes longer than a test may. */
const PARTS = 4
const TRICKLE = 15
const COUNTS_EVERY = 16

interface Asked {
  /** Where it waits; another one where its function got limits for tenants or versions. */
  leaf: string
  readonly name: string
  readonly rank: number
  readonly ticket: number
  readonly sinceMs: number
  readonly deadlineMs: number
  readonly maxWaitMs: number
  readonly below: string
  decision: Decision | undefined
  waiting: Waiting | undefined
}

/** A gate beside the oracle: everything that was asked, and what the oracle thinks runs. */
class World {
  readonly clock = virtualClock()
  readonly gate: Gate
  readonly slots = new Map(LAYOUT.functions.map((each) => [each, 2]))
  readonly inLine: Asked[] = []
  readonly permits: { readonly permit: Permit; readonly leaf: string }[] = []
  /** Functions that have had limits below them. */
  readonly branched = new Set<string>()
  /** Of those, which had something running then: it stays counted at the function alone. */
  readonly #branchedLate = new Set<string>()
  /** By node and rank: how many of higher ranks were let in from the line since one of this. */
  readonly passed = new Map<string, number>()
  readonly log: string[] = []
  readonly #models = new Map<LimitsConfig, Model>()
  config: LimitsConfig
  model: Model
  #asking: Asked | undefined
  #tickets = 0

  constructor(start: LimitsConfig) {
    this.config = start
    this.gate = new Gate(start, { clock: this.clock })
    for (const [each, slots] of this.slots) this.gate.setSlots(each, slots)
    this.model = this.#modelFor(start)
    this.#noteBranches()
  }

  do(what: Step, { configs }: History): void {
    switch (what.do) {
      case 'ask':
        return this.#ask(what)
      case 'release': {
        const [released] = this.permits.splice(what.at % Math.max(1, this.permits.length), 1)
        if (released === undefined) return
        this.#count(released.leaf, -1)
        return released.permit.release()
      }
      case 'cancel': {
        const waiting = this.inLine[what.at % Math.max(1, this.inLine.length)]?.waiting
        return waiting === undefined ? undefined : this.gate.cancel(waiting)
      }
      case 'advance':
        return this.clock.advance(what.ms)
      case 'slots':
        this.slots.set(what.name, what.slots)
        this.#remodel()
        return this.gate.setSlots(what.name, what.slots)
      case 'configure': {
        const next = configs[what.config] as LimitsConfig
        // An environment's slots are the pool's word; a function that is new has said nothing yet.
        const fresh = LAYOUT.functions.filter(
          (name) => !Object.hasOwn(this.config.functions, name) && !this.#runs(name),
        )
        const before = this.config
        this.config = next
        for (const asked of this.inLine) {
          if (before.functions[asked.name] === next.functions[asked.name]) continue
          asked.leaf = this.#leafOf(asked.name, asked.below)
        }
        for (const name of fresh) if (Object.hasOwn(next.functions, name)) this.slots.set(name, 0)
        this.#noteBranches()
        this.#remodel()
        return this.gate.configure(next)
      }
    }
  }

  #runs(name: string): boolean {
    return this.permits.some(({ leaf }) => leaf.split(':')[0] === name)
  }

  #noteBranches(): void {
    for (const [name, given] of Object.entries(this.config.functions)) {
      if (given.perTenant === undefined && given.versions === undefined) continue
      if (this.branched.has(name)) continue
      this.branched.add(name)
      if (this.#runs(name)) this.#branchedLate.add(name)
    }
  }

  #remodel(): void {
    this.model = this.#modelFor(this.config)
    for (const { leaf } of this.permits) this.#count(leaf, 1)
  }

  #modelFor(config: LimitsConfig): Model {
    const model = this.#models.get(config) ?? modelOf(config, LAYOUT)
    this.#models.set(config, model)
    model.direct.fill(0)
    for (const [name, slots] of this.slots) model.slots[model.indexes.get(name)!] = slots
    return model
  }

  #leafOf(name: string, below: string): string {
    const given = this.config.functions[name]
    if (below === '1' && given?.versions !== undefined) return `${name}:1`
    if (below.startsWith('t') && given?.perTenant !== undefined) return `${name}:${below}`
    return `${name}:`
  }

  #ask(what: Extract<Step, { do: 'ask' }>): void {
    const { name, rank, maxWaitMs, below } = what
    const sinceMs = this.clock.nowMs()
    const leaf = this.#leafOf(name, below)
    const asked: Asked = {
      leaf,
      name,
      rank,
      ticket: this.#tickets++,
      sinceMs,
      deadlineMs: sinceMs + what.forMs,
      maxWaitMs,
      below,
      decision: undefined,
      waiting: undefined,
    }
    const mustRun =
      Object.hasOwn(this.config.functions, name) && isGuaranteed(this.model, this.#at(leaf))
    const isFirst = !this.inLine.some((each) => each.leaf === leaf && each.rank <= rank)
    this.inLine.push(asked)
    this.#asking = asked
    asked.waiting = this.gate.acquire(
      {
        functionName: name,
        priority: priorityOf(rank),
        maxWaitMs,
        deadlineMs: asked.deadlineMs,
        ...(below.startsWith('t') ? { tenant: below } : {}),
        ...(below === '1' ? { version: below } : {}),
      },
      { onDecision: (decision) => this.#onDecision(asked, decision) },
    )
    this.#asking = undefined
    if (mustRun && isFirst) assert.equal(asked.decision?.kind, 'permit', 'a guarantee is kept')
  }

  #onDecision(asked: Asked, decision: Decision): void {
    assert.equal(asked.decision, undefined, 'told once')
    asked.decision = decision
    this.log.push(`${asked.ticket} ${decision.kind}`)
    this.inLine.splice(this.inLine.indexOf(asked), 1)
    const leaf = this.#at(asked.leaf)
    const waitedMs = this.clock.nowMs() - asked.sinceMs
    switch (decision.kind) {
      case 'permit':
        assert.ok(mayRun(this.model, leaf, asked.rank), `${asked.leaf}: the oracle sees no room`)
        if (this.#asking === asked) this.#noElderBesides(asked)
        else this.#isNext(asked)
        this.permits.push({ permit: decision.permit, leaf: asked.leaf })
        return this.#count(asked.leaf, 1)
      case 'throttle':
        assert.ok(!mayRun(this.model, leaf, asked.rank), 'nobody is throttled who could run')
        if (this.#asking !== asked) {
          assert.ok(!limitsFit(this.model, leaf, asked.rank), 'a limit stands in the way')
          if (this.#isOff(leaf)) return
          assert.ok(waitedMs >= Math.min(asked.maxWaitMs, asked.deadlineMs - asked.sinceMs))
        } else if (this.inLine.length === 0) {
          assert.ok(!limitsFit(this.model, leaf, asked.rank), 'only a limit refuses at once')
        }
        return
      case 'late':
        return assert.ok(this.clock.nowMs() >= asked.deadlineMs, 'nobody is late before the time')
      case 'gone':
        return assert.ok(!Object.hasOwn(this.config.functions, asked.name))
      case 'cancelled':
    }
  }

  /** Whether something on the way is switched off, so that nobody waits for it. */
  #isOff(leaf: number): boolean {
    const path = pathOf(this.model, leaf)
    const { nodes, tags } = this.model
    if (path.some((at) => nodes[at]!.max === 0)) return true
    return tags.some(({ max, functions }) => max === 0 && functions.some((fn) => path.includes(fn)))
  }

  /** Whoever is let in at once goes past nobody who could run, of the same priority or a higher one. */
  #noElderBesides(asked: Asked): void {
    const elder = this.inLine.find(
      ({ leaf, rank }) => rank <= asked.rank && mayRun(this.model, this.#at(leaf), rank),
    )
    assert.equal(elder, undefined, 'nobody barges')
  }

  /** Whoever is let in from the line is the one whose turn it is. */
  #isNext(asked: Asked): void {
    const others = this.inLine.filter((each) => mayRun(this.model, this.#at(each.leaf), each.rank))
    const path = pathOf(this.model, this.#at(asked.leaf))
    const wasDue = path.some((at) => (this.passed.get(`${at} ${asked.rank}`) ?? 0) >= TRICKLE)
    if (!wasDue) {
      const better = others.find(({ rank }) => rank < asked.rank)
      assert.equal(better, undefined, 'nobody goes before a higher priority')
      for (const other of others) if (other.rank === asked.rank) this.#isFair(asked, other)
    }
    const due = others.find(
      (other) => other.rank > asked.rank && this.#isDue(path, this.#at(other.leaf), other.rank),
    )
    assert.equal(due, undefined, 'whoever was passed by fifteen times has a turn')
    for (const at of path) {
      this.passed.set(`${at} ${asked.rank}`, 0)
      for (let lower = asked.rank + 1; lower < 3; lower++) {
        const below = this.inLine.some(
          (each) => each.rank === lower && pathOf(this.model, this.#at(each.leaf)).includes(at),
        )
        const key = `${at} ${lower}`
        if (below) this.passed.set(key, (this.passed.get(key) ?? 0) + 1)
      }
    }
  }

  #isDue(path: readonly number[], leaf: number, rank: number): boolean {
    const own = pathOf(this.model, leaf)
    return path.some((at) => own.includes(at) && (this.passed.get(`${at} ${rank}`) ?? 0) >= TRICKLE)
  }

  /** Where the ways of the two part, the one that was let in has the better claim. */
  #isFair(asked: Asked, other: Asked): void {
    if (asked.leaf === other.leaf) {
      return assert.ok(asked.ticket < other.ticket, 'first come, first served')
    }
    if (this.#branchedLate.has(asked.name) && asked.name === other.name) return
    // Those of a tag are woken one by one: who comes first among them is the tag's order.
    if (this.config.functions[other.name]?.tags?.length) return
    const [mine, theirs] = this.#parting(asked.leaf, other.leaf)
    const claims = ([leaf, node]: [number, number]): number[] => {
      const { used, inner } = sumsOf(this.model)
      const { guarantee, weight } = this.model.nodes[node]!
      return [
        Number(!this.#someAbsorbed(leaf, node, asked.rank)),
        Number((inner[node] ?? 0) >= guarantee),
        (used[node] ?? 0) / weight,
      ]
    }
    const own = claims(mine)
    const rival = claims(theirs)
    for (const [at, value] of own.entries()) {
      const against = rival[at] ?? 0
      if (Math.abs(value - against) < 1e-9) continue
      return assert.ok(
        value < against,
        `${asked.leaf} went before ${other.leaf}: ${own.join()} against ${rival.join()}`,
      )
    }
    if (this.branched.has(asked.name) || this.branched.has(other.name)) return
    if (asked.name !== other.name && mine[1] > LAYOUT.groups.length) {
      assert.ok(asked.ticket < other.ticket, 'the longer wait goes first among equals')
    }
  }

  /** Whether someone in line at a node could run on what it is guaranteed. */
  #someAbsorbed(leaf: number, node: number, rank: number): boolean {
    const leaves = [
      leaf,
      ...this.inLine.filter((each) => each.rank === rank).map((each) => this.#at(each.leaf)),
    ]
    return leaves.some(
      (each) =>
        pathOf(this.model, each).includes(node) &&
        mayRun(this.model, each, rank) &&
        isAbsorbed(this.model, each, node),
    )
  }

  #parting(a: string, b: string): [[number, number], [number, number]] {
    const [mine, theirs] = [this.#at(a), this.#at(b)]
    const [one, two] = [
      pathOf(this.model, mine).toReversed(),
      pathOf(this.model, theirs).toReversed(),
    ]
    const at = one.findIndex((node, depth) => node !== two[depth])
    return [
      [mine, one[at] ?? mine],
      [theirs, two[at] ?? theirs],
    ]
  }

  #at(leaf: string): number {
    return this.model.indexes.get(leaf) ?? -1
  }

  #count(leaf: string, by: number): void {
    const at = this.#at(leaf)
    this.model.direct[at]! += by
  }

  /** What must be so after every step. */
  check(): void {
    for (const each of this.inLine) {
      assert.ok(
        !mayRun(this.model, this.#at(each.leaf), each.rank),
        `${each.leaf} waits for nothing`,
      )
      assert.ok(each.deadlineMs > this.clock.nowMs(), 'left by its deadline')
    }
  }

  /** What the gate counts is what there is. */
  checkCounts(): void {
    const { used, inner } = sumsOf(this.model)
    const { account, groups, functions } = this.gate.snapshot()
    for (const limit of [{ ...account, name: 'account' }, ...groups, ...functions]) {
      const at = this.#at(limit.name)
      const { held } = this.model.nodes[at]!
      assert.equal(limit.inUse, used[at], `in use: ${limit.name}`)
      assert.equal(limit.claimed, Math.max(inner[at] ?? 0, held), `claimed: ${limit.name}`)
      const waiting = this.inLine.filter((each) =>
        pathOf(this.model, this.#at(each.leaf)).includes(at),
      )
      const { interactive, async, batch } = limit.waiting
      assert.equal(interactive + async + batch, waiting.length, `waiting: ${limit.name}`)
    }
  }

  settle(): void {
    this.clock.advance(2000)
    assert.equal(this.inLine.length, 0, 'nobody waits for ever')
    while (this.permits.length > 0) {
      const { permit, leaf } = this.permits.pop() as { permit: Permit; leaf: string }
      this.#count(leaf, -1)
      permit.release()
    }
    this.check()
    this.checkCounts()
  }
}

function play(history: History, check: boolean): readonly string[] {
  const world = new World(history.configs[0] as LimitsConfig)
  for (const [at, step] of history.steps.entries()) {
    world.do(step, history)
    if (!check) continue
    world.check()
    // A count that has drifted does not come back by itself, so it is enough to look now and then.
    if (at % COUNTS_EVERY === 0) world.checkCounts()
  }
  world.settle()
  return world.log
}

describe('Any history of a gate, limits changing live', () => {
  for (let part = 1; part <= PARTS; part++) {
    it(`agrees with a brute-force oracle (${RUNS / PARTS} histories, part ${part} of ${PARTS})`, () => {
      fc.assert(
        fc.property(histories(120), (history) => void play(history, true)),
        { numRuns: RUNS / PARTS },
      )
    })
  }

  it('comes to the same when it happens again', () => {
    fc.assert(
      fc.property(histories(120), (history) => {
        assert.deepEqual(play(history, false), play(history, false))
      }),
      { numRuns: RUNS / 50 },
    )
  })
})
