import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { LimitsView } from '../../src/cli/admin-client.ts'
import { limitOf, nameOf, type HeldLoad, type Sent } from '../support/held-load.ts'
import {
  ACCOUNT,
  audited,
  COLD_VERSION,
  counts,
  ofFunction,
  ofGroup,
  printLatency,
  provisions,
  reserves,
  runsAndWaits,
  startLive,
  throughAdmin,
  withLive,
  type How,
  type Limit,
} from '../support/live-change.ts'
import { until } from '../support/until.ts'

interface Guarantee {
  readonly what: string
  readonly limit: Limit
  readonly how?: How
  /** Whose requests are guaranteed to run. */
  readonly owner: { readonly key: string; readonly qualifier?: string }
}

const GUARANTEES: readonly Guarantee[] = [
  {
    what: 'guaranteedConcurrency of a function',
    limit: ofFunction('two', 'guaranteedConcurrency'),
    owner: { key: 'two' },
  },
  {
    what: 'guaranteedConcurrency of a group',
    limit: ofGroup('b', 'guaranteedConcurrency'),
    owner: { key: 'other' },
  },
  {
    what: 'reservedConcurrency, by PutFunctionConcurrency',
    limit: ofFunction('two', 'reservedConcurrency'),
    how: reserves('two'),
    owner: { key: 'two' },
  },
  {
    what: 'provisionedConcurrency of a function',
    limit: ofFunction('cold', 'provisionedConcurrency'),
    owner: { key: 'cold' },
  },
  {
    what: 'provisionedConcurrency of a version',
    limit: COLD_VERSION,
    owner: { key: 'cold', qualifier: '1' },
  },
  {
    what: 'provisionedConcurrency of a version, by PutProvisionedConcurrencyConfig',
    limit: COLD_VERSION,
    how: provisions,
    owner: { key: 'cold', qualifier: '1' },
  },
]

/** Guarantees 2 of 4 to others than those who run and wait, then 1. */
async function changeGuarantee(t: TestContext, load: HeldLoad, what: Guarantee): Promise<void> {
  const { limit, owner } = what
  const { by, set } = what.how ?? throughAdmin(limit)
  await load.patch('a test', { ...ACCOUNT, value: 4 })
  load.sendAll(['one'], 7)
  await runsAndWaits(load, 4, 3)
  await set(load, 2)
  await audited(load, by, { ...limit, value: 2 })
  assert.equal((await load.limit('account')).claimed, 6)
  await load.end(...load.running().slice(0, 2))
  assert.deepEqual(await counts(load), [2, 3])
  assert.equal(why(await load.view(), 'one'), 'account: guarantees')
  if (limit.field === 'provisionedConcurrency') await isWarm(load, owner.key, 2)

  const owners = [1, 2].map(() => load.send(owner.key, owner))
  await until('the guaranteed ones', () => owners.every((each) => isRunning(load, each)))
  assert.equal(inUse(await load.view(), 'one'), 2)
  await load.end(...owners)
  assert.deepEqual(await counts(load), [2, 3])

  const askedMs = Date.now()
  await set(load, 1)
  assert.deepEqual(await counts(load), [3, 2])
  await printLatency(t, load, { askedMs, after: 6 })
  const last = load.send(owner.key, owner)
  await until('the guaranteed one', () => isRunning(load, last))
  assert.deepEqual(await counts(load), [4, 2])
}

function isRunning(load: HeldLoad, { id }: Sent): boolean {
  return load.running().some((each) => each.id === id)
}

async function isWarm(load: HeldLoad, key: string, environments: number): Promise<void> {
  await until(`${environments} warm environments of ${key}`, async () => {
    const { gate } = await load.view()
    const fn = gate.functions.find(({ name }) => name === nameOf(key))
    return fn !== undefined && fn.slots >= environments
  })
}

function inUse(view: LimitsView, key: string): number {
  return limitOf(view, 'function', nameOf(key)).inUse
}

/** What keeps those in line for a function out. */
function why({ gate }: LimitsView, key: string): string {
  const waits = gate.functions.find(({ name }) => name === nameOf(key))?.waits ?? []
  return waits.map((wait) => `${wait.blockedBy}: ${wait.why}`).join()
}

/** Sends one that is let in at once, whoever waits, and resolves when it has begun. */
async function sendIn(load: HeldLoad, key: string): Promise<Sent> {
  const sent = load.send(key)
  await until(`one of ${key} that has begun`, () => isRunning(load, sent))
  return sent
}

/** Of 4 slots 2 are another's guarantee: it lends them, and takes them back. */
async function changeLend(load: HeldLoad, owner: string, lender: Limit): Promise<void> {
  const { patch } = change(load)
  const guarantee: Limit = { ...lender, field: 'guaranteedConcurrency' }
  await load.patch('a test', { ...ACCOUNT, value: 4 }, { ...guarantee, value: 2 })
  load.sendAll(['one'], 6)
  await runsAndWaits(load, 2, 4)
  await patch(lender, 2)
  assert.deepEqual(await counts(load), [4, 2])
  await runsAndWaits(load, 4, 2)

  await patch(lender, 0)
  const [first, second] = load.running()
  for (const [ended, borrower] of [first, second].entries()) {
    await load.end(borrower ?? assert.fail())
    assert.deepEqual(await counts(load), [3, 2])
    // What was lent goes back to its owner, who waits for nobody.
    await sendIn(load, owner)
    assert.equal(inUse(await load.view(), 'one'), 3 - ended)
  }
}

/** Two share 4 slots, and those that are freed go to who has least of its share. */
async function changeWeight(load: HeldLoad, other: string, weight: Limit): Promise<void> {
  const { patch } = change(load)
  await load.patch('a test', { ...ACCOUNT, value: 4 })
  for (const key of ['one', other, 'one', other]) await sendIn(load, key)
  load.sendAll(['one', other], 8)
  await runsAndWaits(load, 4, 8)
  const shares = async (freed: string): Promise<number[]> => {
    await load.end(load.running().find(({ key }) => key === freed) ?? assert.fail())
    const view = await load.view()
    await until('4 that run', () => load.running().length === 4)
    return [inUse(view, 'one'), inUse(view, other)]
  }
  await patch(weight, 3)
  assert.deepEqual(await shares(other), [3, 1])
  assert.deepEqual(await shares('one'), [3, 1])
  await patch(weight, null)
  assert.deepEqual(await shares('one'), [2, 2])
  assert.deepEqual(await shares(other), [2, 2])
}

/** Batch work that runs in all 4 slots is to leave 2 of them free. */
async function changeHeadroom(load: HeldLoad, max: Limit): Promise<void> {
  const { patch } = change(load)
  const headroom: Limit = { ...max, field: 'headroom.batch' }
  await load.patch('a test', { ...max, value: 4 })
  load.sendAll(['back'], 6)
  await runsAndWaits(load, 4, 2)
  await patch(headroom, 2)
  for (const running of [3, 2]) {
    await load.end(load.running()[0] ?? assert.fail())
    assert.deepEqual(await counts(load), [running, 2])
  }
  const id = max.scope === 'account' ? 'account' : `${max.scope}/${max.name}`
  assert.equal(why(await load.view(), 'back'), `${id}: headroom`)
  // It is free for whoever comes first by priority; in a function they are all alike.
  if (max.scope !== 'function') await load.end(await sendIn(load, 'other'))
  assert.deepEqual(await counts(load), [2, 2])
  await patch(headroom, null)
  assert.deepEqual(await counts(load), [4, 0])
}

/** Who comes may wait no more, then may again; who is in line stays there. */
async function changeMaxWait(load: HeldLoad, wait: Limit): Promise<void> {
  const { patch } = change(load)
  await load.patch('a test', { ...ofFunction('one', 'maxConcurrency'), value: 1 })
  load.sendAll(['one'], 2)
  await runsAndWaits(load, 1, 1)
  await patch(wait, 0)
  const refused = { status: 429, limit: `function/${nameOf('one')}` }
  assert.deepEqual(await load.send('one').answer, refused)
  assert.deepEqual(await counts(load), [1, 1])
  await patch(wait, 60_000)
  load.send('one')
  await runsAndWaits(load, 1, 2)
}

/** A reservation of 0 switches a function off: who is in line is told at once, and what runs goes on. */
async function switchOff(load: HeldLoad): Promise<void> {
  const { by, set } = reserves('one')
  const reserved = ofFunction('one', 'reservedConcurrency')
  await set(load, 1)
  const sent = load.sendAll(['one'], 2)
  await runsAndWaits(load, 1, 1)
  await set(load, 0)
  await audited(load, by, { ...reserved, value: 0 })
  assert.equal((await load.limit('function', nameOf('one'))).over, 1)
  const refused = { status: 429, limit: `function/${nameOf('one')}` }
  const running = load.running()[0] ?? assert.fail()
  const waiting = sent.find((each) => each !== running) ?? assert.fail()
  assert.deepEqual(await waiting.answer, refused)
  assert.deepEqual(await load.send('one').answer, refused)
  await load.end(running)
  await set(load, null)
  assert.deepEqual(await counts(load), [0, 0])
  await audited(load, by, { ...reserved, value: null })
}

/** Changes through the admin API, and waits for the line of the log that says so. */
function change(load: HeldLoad): { patch: (limit: Limit, value: number | null) => Promise<void> } {
  return {
    async patch(limit, value) {
      const { by, set } = throughAdmin(limit)
      await set(load, value)
      await audited(load, by, { ...limit, value })
    },
  }
}

test('A share is changed while requests run and wait', async (t) => {
  const load = await startLive(t)
  const live = (what: string, run: (t: TestContext) => Promise<void>): Promise<void> =>
    t.test(`${what}: at once, and nobody is lost`, (t2) => withLive(load, () => run(t2)))

  for (const each of GUARANTEES) {
    await live(each.what, (t2) => changeGuarantee(t2, load, each))
  }
  await live('lend of a function', () => changeLend(load, 'two', ofFunction('two', 'lend')))
  await live('lend of a group', () => changeLend(load, 'other', ofGroup('b', 'lend')))
  await live('weight of a function', () => changeWeight(load, 'two', ofFunction('one', 'weight')))
  await live('weight of a group', () => changeWeight(load, 'other', ofGroup('a', 'weight')))
  await live('headroom of the account', () => changeHeadroom(load, ACCOUNT))
  await live('headroom of a group', () => changeHeadroom(load, ofGroup('b', 'maxConcurrency')))
  await live('headroom of a function', () => {
    return changeHeadroom(load, ofFunction('back', 'maxConcurrency'))
  })
  await live('maxWait of a function', () => changeMaxWait(load, ofFunction('one', 'maxWaitMs')))
  await live('maxWait of a group', () => changeMaxWait(load, ofGroup('a', 'maxWaitMs')))
  await live('reservedConcurrency of 0, by PutFunctionConcurrency', () => switchOff(load))
})
