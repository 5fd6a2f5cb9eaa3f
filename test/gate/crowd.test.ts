import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import {
  Gate,
  virtualClock,
  type Decision,
  type GateSnapshot,
  type LimitsConfig,
  type Permit,
  type Waiting,
} from '../../src/gate/index.ts'

const RUNNING = 10_000
/** Ten for each slot of the account may be in line. */
const CROWD = 100_000
const WAIT_MS = 60_000

/**
 * What one in line may take. Its place, its entry among those to be looked at again and the ask come
 * to some 400 bytes; a closure kept by mistake, or a timer each, would be seen.
 */
const BYTES_MAX = 1024

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

function heapBytes(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}

/** A gate with one function that only the account bounds, and what it said. */
interface Door {
  readonly gate: Gate
  /** Moves the time on, firing what falls due. */
  readonly advance: (ms: number) => void
  /** How many timers have fired. */
  readonly fired: () => number
  /** Asks to run, and passes on what it is told and the place in line that it has. */
  readonly ask: (
    onDecision: (decision: Decision) => void,
    maxWaitMs?: number,
  ) => Waiting | undefined
}

function open(maxConcurrency: number): Door {
  const clock = virtualClock()
  let fired = 0
  const config: LimitsConfig = {
    account: { maxConcurrency },
    groups: { shop: {} },
    functions: { report: { group: 'shop' } },
  }
  const gate = new Gate(config, {
    clock: {
      ...clock,
      after: (delayMs, callback) =>
        clock.after(delayMs, () => {
          fired++
          callback()
        }),
    },
  })
  gate.setSlots('report', 2 * CROWD)
  return {
    gate,
    advance: (ms) => clock.advance(ms),
    fired: () => fired,
    ask: (onDecision, maxWaitMs = WAIT_MS) => {
      const about = { functionName: 'report', priority: 'interactive' } as const
      return gate.acquire({ ...about, maxWaitMs, deadlineMs: Infinity }, { onDecision })
    },
  }
}

function fill({ ask }: Door, count: number): Permit[] {
  const held: Permit[] = []
  const onDecision = (decision: Decision): void => void held.push(permitOf(decision))
  for (let i = 0; i < count; i++) ask(onDecision)
  assert.equal(held.length, count)
  return held
}

function permitOf(decision: Decision): Permit {
  assert.equal(decision.kind, 'permit')
  return decision.permit
}

/** What a newcomer that may wait so long is refused with. */
function refusalOf({ ask }: Door, maxWaitMs: number): object {
  const refusals: object[] = []
  ask((decision) => {
    assert.equal(decision.kind, 'throttle')
    refusals.push(decision.blocked)
  }, maxWaitMs)
  return refusals[0] ?? assert.fail('it was let in, or waits')
}

function inLine({ gate }: Door): GateSnapshot['account']['waiting'] {
  return gate.snapshot().account.waiting
}

/** A full account with a hundred thousand in line, who say what they are told in order of arrival. */
function crowd(door: Door): { held: Permit[]; places: Waiting[]; told: Decision[] } {
  const told: Decision[] = []
  const onDecision = (decision: Decision): void => void told.push(decision)
  const held = fill(door, RUNNING)
  const places: Waiting[] = []
  for (let i = 0; i < CROWD; i++) {
    const place = door.ask(onDecision)
    if (place !== undefined) places.push(place)
  }
  assert.equal(places.length, CROWD)
  return { held, places, told }
}

/** Fills the line and empties it again; the heap in between. */
function comeAndGo(door: Door): number {
  const { held, places } = crowd(door)
  const bytes = heapBytes()
  for (const place of places) door.gate.cancel(place)
  for (const permit of held) permit.release()
  return bytes
}

describe('A hundred thousand in line', () => {
  it('take little memory each, and leave nothing behind when they go', (t: TestContext) => {
    const door = open(RUNNING)
    // What the first ones have compiled and grown stays, and is no leak.
    comeAndGo(door)
    const emptyBytes = heapBytes()
    const bytesEach = (comeAndGo(door) - emptyBytes) / CROWD
    const leftBytes = heapBytes() - emptyBytes
    t.diagnostic(`${Math.round(bytesEach)} bytes for each in line, with a tenth that runs`)
    t.diagnostic(`${Math.round(leftBytes / 1024)} KiB left when all have gone`)
    assert.ok(bytesEach < BYTES_MAX, `${bytesEach} bytes for each in line`)
    assert.ok(leftBytes < 0.02 * bytesEach * CROWD, `${leftBytes} bytes are left`)
  })

  it('are forgotten when they go: no timer finds them', () => {
    const door = open(RUNNING)
    const { held, places, told } = crowd(door)
    assert.deepEqual(inLine(door), { interactive: CROWD, async: 0, batch: 0 })
    for (const place of places) door.gate.cancel(place)
    assert.equal(told.length, CROWD)
    assert.ok(told.every(({ kind }) => kind === 'cancelled'))
    assert.deepEqual(inLine(door), { interactive: 0, async: 0, batch: 0 })
    for (const permit of held) permit.release()
    door.advance(10 * WAIT_MS)
    assert.equal(told.length, CROWD)
    // One timer serves all: it was set for the first one, and finds nobody.
    assert.ok(door.fired() <= 1, `${door.fired()} timers have fired`)
    const { account } = door.gate.snapshot()
    assert.deepEqual([account.inUse, account.claimed], [0, 0])
  })

  it('are as many as may be: the next one is refused, until one has gone', () => {
    const door = open(RUNNING)
    const { places, told } = crowd(door)
    const refused = {
      scope: 'account',
      name: '',
      why: 'queue',
      max: RUNNING,
      inUse: RUNNING,
      waitedMs: 0,
      // No pace has been measured.
      retryAfterMs: 1000,
    }
    assert.deepEqual(refusalOf(door, WAIT_MS), refused)
    assert.deepEqual(told, [])
    door.gate.cancel(places[CROWD / 2] as Waiting)
    assert.notEqual(
      door.ask(() => assert.fail('nobody has left')),
      undefined,
    )
    assert.deepEqual(refusalOf(door, WAIT_MS), refused)
    assert.deepEqual(inLine(door), { interactive: CROWD, async: 0, batch: 0 })
  })

  it('are all told at the end of their wait, and by one timer', () => {
    const door = open(RUNNING)
    const { told } = crowd(door)
    door.advance(WAIT_MS - 1)
    assert.deepEqual(told, [])
    door.advance(1)
    assert.equal(told.length, CROWD)
    assert.ok(told.every(({ kind }) => kind === 'throttle'))
    assert.equal(door.fired(), 1)
    assert.deepEqual(inLine(door), { interactive: 0, async: 0, batch: 0 })
  })

  it('are let in in order of arrival, never more than the account may have at once', () => {
    const door = open(RUNNING)
    let running = fill(door, RUNNING)
    const order: number[] = []
    let next: Permit[] = []
    for (let i = 0; i < CROWD; i++) {
      door.ask((decision) => {
        order.push(i)
        next.push(permitOf(decision))
      })
    }
    for (let round = 0; round < CROWD / RUNNING; round++) {
      for (const permit of running) permit.release()
      assert.equal(next.length, RUNNING)
      assert.equal(door.gate.snapshot().account.inUse, RUNNING)
      running = next
      next = []
    }
    assert.deepEqual(
      order,
      Array.from({ length: CROWD }, (_, i) => i),
    )
  })
})

describe('What those who are refused are told of the time to come back', () => {
  const SLOTS = 100
  const HELD_MS = 500
  /** By Little's law: how often one of the slots is freed. */
  const PACE_MS = HELD_MS / SLOTS

  /** Everyone runs for half a second, and one begins every five milliseconds. */
  function steady(): Door & { readonly join: (count: number) => void } {
    const door = open(SLOTS)
    const runs: { readonly endMs: number; readonly permit: Permit }[] = []
    let nowMs = 0
    const run = (decision: Decision): void => {
      runs.push({ endMs: nowMs + HELD_MS, permit: permitOf(decision) })
    }
    const advance = (ms: number): void => {
      for (const untilMs = nowMs + ms; nowMs < untilMs;) {
        door.advance(PACE_MS)
        nowMs += PACE_MS
        if ((runs[0]?.endMs ?? Infinity) <= nowMs) runs.shift()?.permit.release()
      }
    }
    for (let i = 0; i < SLOTS; i++) {
      advance(PACE_MS)
      door.ask(run)
    }
    const join = (count: number): void => {
      for (let i = 0; i < count; i++) door.ask(run)
    }
    // Until the first of them end, and their successors have taken over.
    join(SLOTS)
    advance(HELD_MS)
    return { ...door, advance, join }
  }

  for (const ahead of [200, 400, 800, 1000]) {
    it(`is when ${ahead} in line have had their turn, to the millisecond`, () => {
      const door = steady()
      door.join(ahead)
      const { account, functions } = door.gate.snapshot()
      assert.deepEqual([account.inUse, account.waiting.interactive], [SLOTS, ahead])
      assert.equal(functions[0]?.waits[0]?.estimateMs, ahead * PACE_MS)
      const retryAfterMs = (ahead + 1) * PACE_MS
      const about = { scope: 'account', name: '', max: SLOTS, inUse: SLOTS, waitedMs: 0 }
      const why = 'maxConcurrency'
      assert.deepEqual(refusalOf(door, 0), { ...about, why, retryAfterMs })

      door.advance(retryAfterMs - PACE_MS)
      assert.equal((refusalOf(door, 0) as { retryAfterMs: number }).retryAfterMs, 1000)
      door.advance(PACE_MS)
      let isIn = false
      door.ask((decision) => (isIn = decision.kind === 'permit'), 0)
      assert.equal(isIn, true)
    })
  }

  it('is known to who may wait, too: whoever has less than half of it is refused at once', () => {
    const door = steady()
    door.join(400)
    const asked = (maxWaitMs: number): boolean => door.ask(() => {}, maxWaitMs) !== undefined
    assert.equal(asked((401 * PACE_MS) / 2 - 1), false)
    assert.equal(asked((401 * PACE_MS) / 2), true)
  })

  it('counts the whole line for who is refused because of its length', () => {
    const door = steady()
    door.join(1000)
    const retryAfterMs = 1001 * PACE_MS
    assert.deepEqual(refusalOf(door, WAIT_MS), {
      scope: 'account',
      name: '',
      why: 'queue',
      max: SLOTS,
      inUse: SLOTS,
      waitedMs: 0,
      retryAfterMs,
    })
  })
})
