import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { LimitsView } from '../../src/cli/admin-client.ts'
import type { LimitChange } from '../../src/gate/limits/limits.ts'
import type { LimitSnapshot } from '../../src/gate/snapshot.ts'
import { inLine, nameOf, type HeldLoad } from '../support/held-load.ts'
import {
  ACCOUNT,
  audited,
  counts,
  exactly,
  ofFunction,
  ofGroup,
  printLatency,
  reserves,
  runsAndWaits,
  scales,
  startLive,
  throughAdmin,
  withLive,
  type How,
  type Limit,
} from '../support/live-change.ts'
import { until } from '../support/until.ts'

interface Ceiling {
  readonly what: string
  readonly limit: Limit
  readonly how?: How
  /** As the CLI names it, and the log. */
  readonly cli?: string
  readonly logged: string
  readonly functions: readonly string[]
}

const ONE = nameOf('one')
const CEILINGS: readonly Ceiling[] = [
  {
    what: 'the account',
    limit: ACCOUNT,
    cli: 'account',
    logged: 'account',
    functions: ['one', 'other'],
  },
  {
    what: 'a group',
    limit: ofGroup('a', 'maxConcurrency'),
    cli: 'group:a',
    logged: 'group a',
    functions: ['one', 'two'],
  },
  {
    what: 'a tag',
    limit: { scope: 'tag', name: 'db', field: 'maxConcurrency' },
    cli: 'tag:db',
    logged: 'tag db',
    functions: ['one', 'other'],
  },
  {
    what: 'a function',
    limit: ofFunction('one', 'maxConcurrency'),
    cli: `fn:${ONE}`,
    logged: `function ${ONE}`,
    functions: ['one'],
  },
  {
    what: 'a function’s reservation',
    limit: ofFunction('one', 'reservedConcurrency'),
    cli: `fn:${ONE}.reservedConcurrency`,
    logged: `function ${ONE}`,
    functions: ['one'],
  },
  {
    what: 'a function’s reservation, by PutFunctionConcurrency',
    limit: ofFunction('one', 'reservedConcurrency'),
    how: reserves('one'),
    logged: `function ${ONE}`,
    functions: ['one'],
  },
  {
    what: 'a function, by PutFunctionScalingConfig',
    limit: ofFunction('one', 'maxConcurrency'),
    how: scales('one'),
    logged: `function ${ONE}`,
    functions: ['one'],
  },
]

/** Raises a ceiling from 2 to 5 and lowers it to 1 while requests run and wait. */
async function changeCeiling(t: TestContext, load: HeldLoad, ceiling: Ceiling): Promise<void> {
  const { limit, functions, logged, cli } = ceiling
  const { by, set } = ceiling.how ?? throughAdmin(limit)
  await set(load, 2)
  load.sendAll(functions, 8)
  await runsAndWaits(load, 2, 6)
  assert.deepEqual(await counts(load, limit), [2, 6])

  const askedMs = Date.now()
  await set(load, 5)
  assert.deepEqual(await counts(load, limit), [5, 3])
  await printLatency(t, load, { askedMs, after: 2 })
  await runsAndWaits(load, 5, 3)
  await audited(load, by, { ...limit, value: 5 })

  const before = load.ledger().length
  if (cli === undefined) await set(load, 1)
  else assert.match(await load.set(`${cli}=1`), drained(cli))
  await audited(load, cli === undefined ? by : 'spillway limits set', { ...limit, value: 1 })
  const more = `${logged}: 5 run, 4 more than allowed; nobody is let in until they have drained`
  await load.server.line(new RegExp(`"level":40.*${exactly(more)}`))
  assert.equal((await load.limit(limit.scope, limit.name)).over, 4)

  const [newcomer] = load.sendAll(functions, 1)
  await runsAndWaits(load, 5, 4)
  await drain(load, limit, [4, 3, 2, 1])
  // The last one is gone with its slot: it went to the next in line, and not to who came last.
  await load.end(load.running()[0] ?? assert.fail())
  assert.deepEqual(await counts(load, limit), [1, 3])
  await until('the next one', () => load.running().length === 1)
  assert.notEqual(load.running()[0]?.id, newcomer?.id)
  assertOneAtATime(load, before)
}

function drained(cli: string): RegExp {
  return new RegExp(`^${exactly(cli)}: 5 → 1, 5 run now: over by 4, draining$`, 'm')
}

/** Ends one after the other; nobody is let in meanwhile. */
async function drain(load: HeldLoad, limit: Limit, left: readonly number[]): Promise<void> {
  for (const running of left) {
    await load.end(load.running()[0] ?? assert.fail())
    const { scope, name } = limit
    const now = await load.limit(scope, name)
    const shown = { running: now.inUse, over: now.over, waiting: inLine(now) }
    assert.deepEqual(shown, { running, over: running - 1, waiting: 4 })
  }
}

/** From a place in the ledger on, a handler began only when none ran: by what they wrote themselves. */
function assertOneAtATime(load: HeldLoad, from: number): void {
  let running = 0
  for (const [at, { sign }] of load.ledger().entries()) {
    if (sign === '+' && at >= from) assert.equal(running, 0)
    running += sign === '+' ? 1 : -1
  }
}

test('A ceiling is changed while requests run and wait', async (t) => {
  const load = await startLive(t)
  for (const ceiling of CEILINGS) {
    await t.test(`that of ${ceiling.what}: at once, and nobody is lost`, async (t2) => {
      await withLive(load, () => changeCeiling(t2, load, ceiling))
    })
  }
  await t.test('all of them, again and again, under traffic that never ends', async (t2) => {
    await withLive(load, () => changeAllAgainAndAgain(t2, load))
  })
})

const ROUNDS = 40
const CLIENTS = 24

/** Ceilings of every kind, each of which the traffic meets. */
const CHURN: readonly (readonly [Limit, readonly number[]])[] = [
  // Never so low that guarantees and headroom would leave batch work nothing at all.
  [ACCOUNT, [12, 8, 9]],
  [ofGroup('a', 'maxConcurrency'), [6, 2, 8]],
  [{ scope: 'tag', name: 'db', field: 'maxConcurrency' }, [7, 1, 4]],
  [ofFunction('one', 'maxConcurrency'), [3, 1, 5]],
  [ofFunction('two', 'reservedConcurrency'), [2, 1, 3]],
  [ofFunction('other', 'guaranteedConcurrency'), [2, 0, 1]],
  [ofFunction('two', 'weight'), [3, 1, 2]],
  [ofGroup('b', 'headroom.batch'), [1, 0, 2]],
  [{ ...ACCOUNT, field: 'headroom.batch' }, [2, 1, 0]],
  [ofFunction('back', 'maxWaitMs'), [60_000, 30_000, 45_000]],
]

async function changeAllAgainAndAgain(t: TestContext, load: HeldLoad): Promise<void> {
  const most = { ...ofGroup('b', 'maxConcurrency'), value: 10 }
  await load.patch('a test', { ...ACCOUNT, value: 12 }, most)
  let answered = 0
  const over = new AbortController()
  const client = async (first: number): Promise<void> => {
    for (let i = first; !over.signal.aborted; i++) {
      const { status } = await load.send(KEYS[i % KEYS.length] ?? '', { ms: 25 }).answer
      assert.equal(status, 200)
      answered++
    }
  }
  const clients = Promise.all(Array.from({ length: CLIENTS }, (_, i) => client(i)))
  let drains = 0
  try {
    for (let round = 0; round < ROUNDS; round++) {
      let before = await load.patch('a test', churnOf(round))
      const enough = answered + 8
      await until('more answers', async () => {
        const now = await load.view()
        drains += assertDraining(before, now)
        before = now
        return answered >= enough
      })
    }
  } finally {
    over.abort()
  }
  await clients
  t.diagnostic(`${answered} answers, ${ROUNDS} changes, ${drains} times more than allowed was seen`)
  assert.ok(peak(load) <= 12)
}

function churnOf(round: number): LimitChange {
  const [limit, values] = CHURN[round % CHURN.length] ?? assert.fail()
  return { ...limit, value: values[Math.floor(round / CHURN.length) % values.length] ?? 0 }
}

const KEYS = ['one', 'two', 'other', 'back']

/** What is over its limit only ever gets less: between two looks with no change. How much is over. */
function assertDraining(before: LimitsView, now: LimitsView): number {
  const all = ({ gate }: LimitsView): LimitSnapshot[] => [
    gate.account,
    ...gate.groups,
    ...gate.tags,
    ...gate.functions,
  ]
  const earlier = all(before)
  let drains = 0
  for (const [i, limit] of all(now).entries()) {
    if (limit.over === 0) continue
    drains++
    assert.ok(limit.inUse <= (earlier[i]?.inUse ?? 0), `${limit.name} let someone in`)
  }
  return drains
}

/** The most handlers that ran at once, by what they wrote themselves. */
function peak(load: HeldLoad): number {
  let running = 0
  let most = 0
  for (const { sign } of load.ledger()) {
    running += sign === '+' ? 1 : -1
    most = Math.max(most, running)
  }
  return most
}
