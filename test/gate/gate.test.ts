import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Decision, LimitsConfig, Waiting } from '../../src/gate/index.ts'
import { blockedOf, openGate, permitOf, type Asked } from './rig.ts'

const CONFIG: LimitsConfig = {
  account: { maxConcurrency: 4 },
  groups: { api: {}, etl: { maxConcurrency: 2 } },
  functions: {
    get: { group: 'api' },
    post: { group: 'api', maxConcurrency: 2 },
    extract: { group: 'etl' },
    load: { group: 'etl' },
  },
}

function setup(config: LimitsConfig = CONFIG, slots = 100) {
  return { ...openGate(config, slots), permit: permitOf }
}

describe('Gate', () => {
  it('lets in up to a function maximum, which takes nothing away from others', () => {
    const { ask } = setup()
    assert.equal(ask('post').decision?.kind, 'permit')
    assert.equal(ask('post').decision?.kind, 'permit')
    const third = ask('post', { maxWaitMs: 0 })
    assert.deepEqual(third.decision, {
      kind: 'throttle',
      blocked: {
        scope: 'function',
        name: 'post',
        why: 'maxConcurrency',
        max: 2,
        inUse: 2,
        waitedMs: 0,
        retryAfterMs: 1000,
      },
    })
    assert.equal(ask('get').decision?.kind, 'permit')
    assert.equal(ask('get').decision?.kind, 'permit')
  })

  it('names the group, then the account, when those are full', () => {
    const { ask } = setup()
    ask('extract')
    ask('load')
    const third = ask('load', { maxWaitMs: 0 }).decision
    assert.equal(third?.kind === 'throttle' && third.blocked.scope, 'group')
    ask('get')
    ask('get')
    const last = ask('get', { maxWaitMs: 0 }).decision
    assert.equal(last?.kind === 'throttle' && last.blocked.scope, 'account')
  })

  it('keeps a reserved function its slots whatever others do, and no more than those', () => {
    const { ask } = setup({
      ...CONFIG,
      functions: { ...CONFIG.functions, load: { group: 'api', reservedConcurrency: 2 } },
    })
    ask('get')
    ask('get')
    assert.equal(ask('get', { maxWaitMs: 0 }).decision?.kind, 'throttle')
    assert.equal(ask('load', { maxWaitMs: 0 }).decision?.kind, 'permit')
    assert.equal(ask('load', { maxWaitMs: 0 }).decision?.kind, 'permit')
    assert.equal(ask('load', { maxWaitMs: 0 }).decision?.kind, 'throttle')
  })

  it('switches a function off with a reservation of 0', () => {
    const { ask } = setup({
      ...CONFIG,
      functions: { get: { group: 'api', reservedConcurrency: 0 } },
    })
    const { decision } = ask('get', { maxWaitMs: 0 })
    assert.equal(decision?.kind === 'throttle' && decision.blocked.scope, 'function')
  })

  it('throttles at once where a function is switched off, however long the caller would wait', () => {
    const { ask } = setup({
      ...CONFIG,
      functions: { get: { group: 'api', reservedConcurrency: 0 } },
    })
    assert.equal(ask('get', { maxWaitMs: Infinity }).decision?.kind, 'throttle')
  })

  it('hands a freed slot to the first in line, whoever asks in the same tick', () => {
    const { ask, permit } = setup()
    const first = ask('post')
    ask('post')
    const waiting = ask('post')
    permit(first).release()
    const late = ask('post', { maxWaitMs: 0 })
    assert.equal(waiting.decision?.kind, 'permit')
    assert.equal(late.decision?.kind, 'throttle')
  })

  it('lets nobody past an elder who asks from inside a hand-over', () => {
    const { gate, ask, permit } = setup()
    const running = [ask('post'), ask('post')]
    const order: string[] = []
    const join = (who: string, then?: () => void): void => {
      const question = {
        functionName: 'post',
        priority: 'interactive',
        maxWaitMs: Infinity,
        deadlineMs: Infinity,
      } as const
      gate.acquire(question, {
        onDecision() {
          order.push(who)
          then?.()
        },
      })
    }
    join('first', () => join('barger'))
    join('second')
    gate.configure({
      ...CONFIG,
      functions: { ...CONFIG.functions, post: { group: 'api', maxConcurrency: 4 } },
    })
    assert.deepEqual(order, ['first', 'second'])
    permit(running[0] as Asked).release()
    assert.deepEqual(order, ['first', 'second', 'barger'])
  })

  it('lets a higher priority go first, and the older first within one', () => {
    const { ask, permit } = setup()
    const running = ask('post')
    ask('post')
    const batch = ask('post', { priority: 'batch' })
    const older = ask('post')
    const younger = ask('post')
    permit(running).release()
    assert.equal(older.decision?.kind, 'permit')
    permit(older).release()
    assert.equal(younger.decision?.kind, 'permit')
    assert.equal(batch.decision, undefined)
  })

  it('does not hold others back behind someone whose own limit is full', () => {
    const { ask, permit } = setup()
    const one = ask('extract')
    ask('load')
    const blocked = ask('load')
    assert.equal(ask('get').decision?.kind, 'permit')
    permit(one).release()
    assert.equal(blocked.decision?.kind, 'permit')
  })

  it('throttles after the wait for limits, saying how long it waited', () => {
    const { ask, clock } = setup()
    ask('post')
    ask('post')
    const waiting = ask('post', { maxWaitMs: 500 })
    clock.advance(499)
    assert.equal(waiting.decision, undefined)
    clock.advance(1)
    const decision = waiting.decision as Decision | undefined
    assert.equal(decision?.kind === 'throttle' && decision.blocked.waitedMs, 500)
  })

  it('waits for an environment past maxWait, up to the deadline', () => {
    const { ask, clock, gate, wanted } = setup(CONFIG, 0)
    const patient = ask('get', { maxWaitMs: 0, deadlineMs: 1000 })
    const hasty = ask('get', { maxWaitMs: 0, deadlineMs: 200 })
    assert.deepEqual(wanted, ['get', 'get'])
    clock.advance(200)
    assert.equal(hasty.decision?.kind, 'late')
    gate.setSlots('get', 1)
    assert.equal(patient.decision?.kind, 'permit')
  })

  it('throttles at once where those who wait for an environment will fill the limit', () => {
    const { ask, gate } = setup(CONFIG, 0)
    const starting = [ask('post', { maxWaitMs: 0 }), ask('post', { maxWaitMs: 0 })]
    assert.equal(blockedOf(ask('post', { maxWaitMs: 0 })).why, 'maxConcurrency')
    gate.setSlots('post', 2)
    assert.deepEqual(
      starting.map(({ decision }) => decision?.kind),
      ['permit', 'permit'],
    )
  })

  it('counts nobody of a lower priority as being in before a newcomer', () => {
    const { ask } = setup(CONFIG, 0)
    ask('post', { priority: 'batch' })
    ask('post', { priority: 'batch' })
    const user = ask('post', { maxWaitMs: 0 })
    assert.equal(user.decision, undefined, 'it waits for an environment, not for a limit')
  })

  it('takes back what was counted for someone who gave up, of their own priority', () => {
    const { ask, gate } = setup(CONFIG, 0)
    gate.cancel(ask('post', { priority: 'batch' }).waiting as Waiting)
    const users = [1, 2, 3].map(() => ask('post', { maxWaitMs: 0 }).decision?.kind)
    assert.deepEqual(users, [undefined, undefined, 'throttle'])
  })

  it('counts nobody who gave up as being in before a newcomer', () => {
    const { ask, gate } = setup(CONFIG, 0)
    gate.cancel(ask('post', { maxWaitMs: 0 }).waiting as Waiting)
    const users = [1, 2, 3].map(() => ask('post', { maxWaitMs: 0 }).decision?.kind)
    assert.deepEqual(users, [undefined, undefined, 'throttle'])
  })

  it('counts those who wait for an environment once, however often it is configured', () => {
    const { ask, gate } = setup(CONFIG, 0)
    ask('post')
    for (let each = 0; each < 5; each++) gate.configure(CONFIG)
    assert.equal(ask('post', { maxWaitMs: 0 }).decision, undefined)
    assert.equal(ask('post', { maxWaitMs: 0 }).decision?.kind, 'throttle')
  })

  it('wants an environment for whoever a release leaves with nothing else to wait for', () => {
    const { ask, permit, gate, clock, wanted } = setup()
    const running = ask('post')
    ask('post')
    const waiting = ask('post', { maxWaitMs: 100, deadlineMs: 1000 })
    gate.setSlots('post', 1)
    permit(running).release()
    assert.deepEqual(wanted, ['post'])
    clock.advance(999)
    assert.equal(waiting.decision, undefined, 'maxWait does not bound the wait for an environment')
    clock.advance(1)
    assert.equal((waiting.decision as Decision | undefined)?.kind, 'late')
  })

  it('wants an environment for whoever moves up when an elder runs out of time', () => {
    const { ask, clock, wanted } = setup(CONFIG, 0)
    ask('post', { deadlineMs: 100 })
    ask('post')
    const waiting = ask('post', { maxWaitMs: 200 })
    assert.equal(wanted.length, 2)
    clock.advance(100)
    assert.equal(wanted.length, 3)
    clock.advance(100)
    assert.equal(waiting.decision, undefined, 'maxWait does not bound the wait for an environment')
  })

  it('starts the bound of the wait when a limit closes on someone who waited for an environment', () => {
    const { ask, gate, clock } = setup(CONFIG, 0)
    gate.setSlots('extract', 1)
    ask('extract')
    const waiting = ask('load', { maxWaitMs: 100 })
    clock.advance(1000)
    gate.configure({ ...CONFIG, groups: { ...CONFIG.groups, etl: { maxConcurrency: 1 } } })
    clock.advance(99)
    assert.equal(waiting.decision, undefined)
    clock.advance(1)
    assert.equal((waiting.decision as Decision | undefined)?.kind, 'throttle')
  })

  it('turns away who waits when a limit is switched off, however long they would wait', () => {
    const { ask, gate } = setup()
    ask('extract')
    ask('load')
    const waiting = [ask('load'), ask('extract')]
    gate.configure({ ...CONFIG, groups: { ...CONFIG.groups, etl: { maxConcurrency: 0 } } })
    assert.deepEqual(
      waiting.map(({ decision }) => decision?.kind),
      ['throttle', 'throttle'],
    )
  })

  it('turns away who may not wait when others took the room while its environment started', () => {
    const { ask, gate } = setup(CONFIG, 0)
    const hasty = [1, 2].map(() => ask('post', { maxWaitMs: 0, priority: 'async' }))
    const users = [ask('post'), ask('post')]
    gate.setSlots('post', 2)
    const kinds = [...users, ...hasty].map(({ decision }) => decision?.kind)
    assert.deepEqual(kinds, ['permit', 'permit', 'throttle', 'throttle'])
  })

  it('throttles at once where those who wait for an environment will fill a tag', () => {
    const { ask } = setup(
      {
        ...CONFIG,
        tags: { db: { maxConcurrency: 2 } },
        functions: { ...CONFIG.functions, get: { group: 'api', tags: ['db'] } },
      },
      0,
    )
    const kinds = [1, 2, 3].map(() => ask('get', { maxWaitMs: 0 }).decision?.kind)
    assert.deepEqual(kinds, [undefined, undefined, 'throttle'])
  })

  it('does not count those who wait on a guarantee of theirs against others', () => {
    const { ask } = setup(
      {
        ...CONFIG,
        functions: { ...CONFIG.functions, load: { group: 'api', reservedConcurrency: 2 } },
      },
      0,
    )
    const kinds = [1, 2, 3].map(() => ask('load', { maxWaitMs: 0 }).decision?.kind)
    assert.deepEqual(kinds, [undefined, undefined, 'throttle'])
    assert.equal(ask('get', { maxWaitMs: 0 }).decision, undefined, 'two of the four are left')
    assert.equal(ask('get', { maxWaitMs: 0 }).decision, undefined)
    assert.equal(ask('get', { maxWaitMs: 0 }).decision?.kind, 'throttle')
  })

  it('keeps the room of a function that goes and comes back as it is told meanwhile', () => {
    const { ask, gate, permit } = setup(CONFIG, 5)
    const running = ask('get')
    const { get: _, ...functions } = CONFIG.functions
    gate.configure({ ...CONFIG, functions })
    gate.setSlots('get', 1)
    gate.configure(CONFIG)
    assert.equal(ask('get', { maxWaitMs: 0 }).decision, undefined, 'no environment is free')
    permit(running).release()
  })

  it('wants an environment for whoever moves up when an elder gives up', () => {
    const { ask, gate, clock, wanted } = setup({ ...CONFIG, account: { maxConcurrency: 2 } }, 0)
    const how = { maxWaitMs: 500, deadlineMs: 10_000 }
    const elder = ask('get', how)
    ask('get', how)
    const younger = ask('get', how)
    gate.cancel(elder.waiting as Waiting)
    assert.deepEqual(wanted, ['get', 'get'])
    assert.equal(gate.wanted('get').count, 2, 'the pool asks while somebody is in line')
    clock.advance(501)
    assert.equal(younger.decision, undefined, 'it waits for an environment, up to its deadline')
  })

  it('takes someone out of the line at once when they give up', () => {
    const { ask, permit, gate } = setup()
    const running = ask('post')
    ask('post')
    const left = ask('post')
    const next = ask('post')
    gate.cancel(left.waiting as Waiting)
    gate.cancel(left.waiting as Waiting)
    assert.equal(left.decision?.kind, 'cancelled')
    permit(running).release()
    assert.equal(next.decision?.kind, 'permit')
    assert.equal(gate.snapshot().functions.find(({ name }) => name === 'post')?.inUse, 2)
  })

  it('raises and lowers a limit at once, on those in line too', () => {
    const { ask, gate, permit } = setup()
    const withMax = (maxConcurrency: number): LimitsConfig => ({
      ...CONFIG,
      functions: { ...CONFIG.functions, post: { group: 'api', maxConcurrency } },
    })
    const running = [ask('post'), ask('post')]
    const waiting = [ask('post'), ask('post')]
    gate.configure(withMax(3))
    assert.deepEqual(
      waiting.map(({ decision }) => decision?.kind),
      ['permit', undefined],
    )
    gate.configure(withMax(1))
    for (const each of running) permit(each).release()
    assert.equal(waiting[1]?.decision, undefined, 'one still runs, and one is the limit')
    permit(waiting[0] as Asked).release()
    assert.deepEqual(
      waiting.map(({ decision }) => decision?.kind),
      ['permit', 'permit'],
    )
  })

  it('moves what runs along when a function changes its group', () => {
    const { ask, gate, permit } = setup()
    const running = ask('get')
    gate.configure({
      ...CONFIG,
      functions: { ...CONFIG.functions, get: { group: 'etl' } },
    })
    ask('load')
    assert.equal(ask('load', { maxWaitMs: 0 }).decision?.kind, 'throttle')
    permit(running).release()
    assert.equal(ask('load', { maxWaitMs: 0 }).decision?.kind, 'permit')
  })

  it('tells those in line when their function goes away', () => {
    const { ask, gate } = setup()
    ask('post')
    ask('post')
    const waiting = ask('post')
    const { post: _, ...functions } = CONFIG.functions
    gate.configure({ ...CONFIG, functions })
    assert.equal(waiting.decision?.kind, 'gone')
    assert.equal(ask('post').decision?.kind, 'gone')
    assert.equal(gate.snapshot().account.inUse, 2)
  })

  it('refuses to take a permit back twice', () => {
    const { ask, permit } = setup()
    const once = permit(ask('get'))
    once.release()
    assert.throws(() => once.release(), /released twice/)
  })

  it('explains who waits for what', () => {
    const { ask, gate, clock } = setup()
    ask('post')
    ask('post')
    ask('post')
    clock.advance(250)
    const post = gate.snapshot().functions.find(({ name }) => name === 'post')
    assert.equal(post?.blockedBy, 'function/post')
    assert.equal(post?.waiting.interactive, 1)
    assert.equal(post?.oldestWaitMs, 250)
  })
})
