import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LimitsConfig } from '../../src/gate/index.ts'
import {
  BATCH,
  blockedOf,
  CONFIG,
  countOf,
  kindOf,
  NOW,
  openGate,
  permitOf,
  times,
  type Asked,
} from './rig.ts'

describe('Headroom', () => {
  const config = { ...CONFIG, account: { maxConcurrency: 10, headroom: { batch: 3 } } }

  it('keeps slots free of a priority, and lets the others use them', () => {
    const { ask } = openGate(config)
    const batch = times(10, () => ask('load', { ...BATCH, ...NOW }))
    assert.equal(countOf(batch, 'permit'), 7)
    assert.equal(blockedOf(batch[9] as Asked).why, 'headroom')
    assert.equal(
      countOf(
        times(5, () => ask('get', NOW)),
        'permit',
      ),
      3,
    )
  })

  it('holds for a group, too, and not against what the group is guaranteed', () => {
    const { ask } = openGate({
      ...CONFIG,
      groups: {
        api: {},
        etl: { maxConcurrency: 5, guaranteedConcurrency: 4, headroom: { batch: 3 } },
      },
    })
    const batch = times(6, () => ask('load', { ...BATCH, ...NOW }))
    assert.equal(countOf(batch, 'permit'), 4)
  })
})

describe('A guarantee', () => {
  const config: LimitsConfig = {
    ...CONFIG,
    groups: { api: { guaranteedConcurrency: 6 }, etl: {} },
  }

  it('of a group is there for any of its functions, however much others want', () => {
    const { ask } = openGate(config)
    assert.equal(
      countOf(
        times(20, () => ask('load', BATCH)),
        'permit',
      ),
      4,
    )
    assert.equal(
      countOf([...times(3, () => ask('get')), ...times(4, () => ask('post'))], 'permit'),
      6,
    )
  })

  it('that is lent is used by others, and comes back as slots come free', () => {
    const { ask } = openGate({
      ...config,
      groups: { api: { guaranteedConcurrency: 6, lend: 4 }, etl: {} },
    })
    const background = times(20, () => ask('load', BATCH))
    assert.equal(countOf(background, 'permit'), 8)
    const users = times(6, () => ask('get', BATCH))
    assert.equal(countOf(users, 'permit'), 2, 'what was not lent is there at once')
    for (const each of background.slice(0, 4)) permitOf(each).release()
    assert.equal(countOf(users, 'permit'), 6, 'the owner goes before those who borrow')
    assert.equal(countOf(background, 'permit'), 8)
  })

  it('may be of a function in a group that has one', () => {
    const { ask } = openGate({
      ...config,
      functions: { ...config.functions, get: { group: 'api', guaranteedConcurrency: 2 } },
    })
    assert.equal(
      countOf(
        times(20, () => ask('post')),
        'permit',
      ),
      8,
    )
    assert.equal(
      countOf(
        times(3, () => ask('get')),
        'permit',
      ),
      2,
    )
  })
})

describe('Those who wait', () => {
  /** Lets one go at a time, and returns whose turn it was. */
  function turns(
    config: LimitsConfig,
    waiters: readonly [string, object][],
    count: number,
  ): string[] {
    const { ask } = openGate(config)
    const running = times(config.account.maxConcurrency, () => ask('extract'))
    const order: string[] = []
    const waiting = waiters.map(([name, how]) => ({ name, asked: ask(name, how), seen: false }))
    for (const each of running.slice(0, count)) {
      permitOf(each).release()
      for (const waiter of waiting) {
        if (waiter.seen || kindOf(waiter.asked) !== 'permit') continue
        waiter.seen = true
        order.push(waiter.name)
      }
    }
    return order
  }

  it('share a limit by what they hold for their weight', () => {
    const config: LimitsConfig = {
      ...CONFIG,
      account: { maxConcurrency: 9 },
      functions: {
        extract: { group: 'etl' },
        get: { group: 'api', weight: 2 },
        post: { group: 'api' },
      },
    }
    const waiters = Array.from({ length: 20 }, (_, at): [string, object] => [
      at < 10 ? 'post' : 'get',
      {},
    ])
    const got = turns(config, waiters, 9)
    assert.equal(got.filter((name) => name === 'get').length, 6)
    assert.equal(got.filter((name) => name === 'post').length, 3)
  })

  it('go by priority first, whoever came before', () => {
    const got = turns(
      { ...CONFIG, account: { maxConcurrency: 4 } },
      [
        ['load', BATCH],
        ['post', { priority: 'async' }],
        ['get', {}],
      ],
      3,
    )
    assert.deepEqual(got, ['get', 'post', 'load'])
  })

  it('of a lower priority have one turn in sixteen', () => {
    const { ask } = openGate({ ...CONFIG, account: { maxConcurrency: 1 } })
    let running = ask('get')
    const background = times(3, () => ask('load', BATCH))
    const before: number[] = []
    for (let turn = 1; turn <= 40; turn++) {
      const user = ask('get')
      const left = background.filter((each) => kindOf(each) === undefined)
      permitOf(running).release()
      const taken = left.find((each) => kindOf(each) === 'permit')
      if (taken !== undefined) {
        before.push(turn)
        permitOf(taken).release()
      }
      running = user
    }
    // What the one of a lower priority gave back went to a user, who counts.
    assert.deepEqual(before, [16, 31])
  })
})

describe('An early refusal', () => {
  function steady(): ReturnType<typeof openGate> {
    const rig = openGate({ ...CONFIG, account: { maxConcurrency: 2 } })
    for (let round = 0; round < 8; round++) {
      const running = [rig.ask('load'), rig.ask('load')]
      rig.clock.advance(1000)
      for (const each of running) permitOf(each).release()
    }
    return rig
  }

  it('says how long it would have been, by the measured pace and the line', () => {
    const { ask } = steady()
    times(2, () => ask('load'))
    const patient = times(6, () => ask('get'))
    assert.equal(countOf(patient, 'permit'), 0)
    // Two slots of a second each free two a second; the seventh in line waits three and a half.
    const { why, waitedMs, retryAfterMs } = blockedOf(ask('get', { maxWaitMs: 1700 }))
    assert.deepEqual([why, waitedMs, retryAfterMs], ['maxConcurrency', 0, 3500])
    assert.equal(kindOf(ask('get', { maxWaitMs: 1800 })), undefined, 'less than twice too long')
  })

  it('does not count those of a lower priority, who come after', () => {
    const { ask } = steady()
    times(2, () => ask('load'))
    times(50, () => ask('load', BATCH))
    assert.equal(kindOf(ask('get', { maxWaitMs: 1000 })), undefined)
    assert.equal(kindOf(ask('load', { ...BATCH, maxWaitMs: 1000 })), 'throttle')
  })

  it('is not made before a pace has been measured', () => {
    const { ask } = openGate({ ...CONFIG, account: { maxConcurrency: 2 } })
    times(2, () => ask('load'))
    assert.equal(kindOf(ask('get', { maxWaitMs: 1 })), undefined)
  })
})

describe('The line', () => {
  it('of a function is ten for each of its slots, a hundred at least', () => {
    const { ask } = openGate({
      ...CONFIG,
      functions: { ...CONFIG.functions, get: { group: 'api', maxConcurrency: 1 } },
    })
    ask('get')
    times(100, () => ask('get'))
    const { scope, why } = blockedOf(ask('get'))
    assert.deepEqual([scope, why], ['function', 'queue'])
    assert.equal(kindOf(ask('post')), 'permit')
  })

  it('does not end for users because of background work in it', () => {
    const { ask } = openGate({
      ...CONFIG,
      groups: { api: {}, etl: { maxConcurrency: 2 } },
    })
    times(1010, () => ask('load', BATCH))
    assert.equal(kindOf(ask('get')), 'permit', 'it needs no place in line')
    assert.equal(kindOf(ask('load')), undefined)
  })

  it('of a function does not end for users because of background work in it, either', () => {
    const functions = { post: { group: 'api', maxConcurrency: 1 } }
    const { ask } = openGate({ ...CONFIG, functions })
    times(110, () => ask('post', BATCH))
    assert.equal(kindOf(ask('post', BATCH)), 'throttle')
    assert.equal(kindOf(ask('post')), undefined)
  })

  it('of the account is a thousand at least', () => {
    const { ask } = openGate({ ...CONFIG, account: { maxConcurrency: 1 } })
    ask('get')
    times(1000, () => ask('post'))
    const { scope, why } = blockedOf(ask('post'))
    assert.deepEqual([scope, why], ['account', 'queue'])
  })
})

describe('A nested call', () => {
  const config = { ...CONFIG, account: { maxConcurrency: 1 } }

  it('that waits for what its own caller holds is told so within a second', () => {
    const { ask, clock } = openGate(config)
    ask('get', { span: 'a' })
    const child = ask('post', { span: 'b', caller: 'a' })
    clock.advance(999)
    assert.equal(kindOf(child), undefined)
    clock.advance(1)
    assert.equal(blockedOf(child).why, 'nested')
  })

  it('goes before others of its priority', () => {
    const { ask, gate } = openGate(config)
    ask('get', { span: 'a', priority: 'batch' })
    const other = ask('load', { priority: 'async' })
    const child = ask('post', { caller: 'a', priority: 'async' })
    gate.configure({ ...CONFIG, account: { maxConcurrency: 2 } })
    assert.deepEqual([kindOf(child), kindOf(other)], ['permit', undefined])
  })

  it('is one, too, where the caller of its caller holds a slot of the limit', () => {
    const { ask, clock } = openGate({ ...CONFIG, groups: { api: { maxConcurrency: 1 }, etl: {} } })
    ask('get', { span: 'a' })
    ask('load', { span: 'b', caller: 'a' })
    const grandchild = ask('post', { caller: 'b' })
    clock.advance(1000)
    assert.equal(blockedOf(grandchild).why, 'nested')
  })

  it('is one only where a caller holds a slot of the very limit; a sibling will give it back', () => {
    const { ask, clock } = openGate({ ...CONFIG, groups: { api: {}, etl: { maxConcurrency: 1 } } })
    ask('get', { span: 'a' })
    ask('load', { span: 'b', caller: 'a' })
    const child = ask('extract', { span: 'c', caller: 'a' })
    clock.advance(60_000)
    assert.equal(kindOf(child), undefined)
  })

  it('of a caller that nobody knows is like any other', () => {
    const { ask, clock } = openGate(config)
    ask('get', { span: 'a' })
    const other = ask('post', { caller: 'x' })
    clock.advance(60_000)
    assert.equal(kindOf(other), undefined)
  })
})

describe('A tenant', () => {
  const config: LimitsConfig = {
    ...CONFIG,
    functions: {
      ...CONFIG.functions,
      get: { group: 'api', perTenant: { maxConcurrency: 2 } },
    },
  }

  it('has a maximum of its own, and others are none the worse', () => {
    const { ask } = openGate(config)
    times(2, () => ask('get', { tenant: 'ada' }))
    const { scope, name } = blockedOf(ask('get', { tenant: 'ada', ...NOW }))
    assert.deepEqual([scope, name], ['tenant', 'get:ada'])
    assert.equal(kindOf(ask('get', { tenant: 'bob', ...NOW })), 'permit')
    assert.equal(
      countOf(
        times(5, () => ask('get', NOW)),
        'permit',
      ),
      5,
      'who is no tenant',
    )
  })

  it('that floods shares with the others by seats', () => {
    const { ask } = openGate({
      ...config,
      account: { maxConcurrency: 4 },
      functions: { get: { group: 'api', perTenant: {} } },
    })
    const first = times(30, () => ask('get', { tenant: 'ada' }))
    const second = times(2, () => ask('get', { tenant: 'bob' }))
    for (const each of first.slice(0, 2)) permitOf(each).release()
    assert.equal(countOf(second, 'permit'), 2)
  })

  it('is forgotten when nothing of it runs or waits', () => {
    const { ask, gate } = openGate(config)
    for (let at = 0; at < 1000; at++) permitOf(ask('get', { tenant: `${at}` })).release()
    for (let at = 0; at < 3; at++) ask('get', { tenant: 'ada', ...NOW })
    const get = gate.snapshot().functions.find(({ name }) => name === 'get')
    assert.deepEqual(
      get?.below.map(({ name }) => name),
      ['get:ada'],
    )
  })
})

describe('A version with provisioned concurrency', () => {
  const config: LimitsConfig = {
    ...CONFIG,
    functions: {
      get: {
        group: 'api',
        reservedConcurrency: 3,
        versions: { '1': { provisionedConcurrency: 2 } },
      },
      load: { group: 'etl' },
    },
  }

  it('finds its slots free, and spills over into what the function has besides', () => {
    const { ask } = openGate(config)
    times(10, () => ask('load', BATCH))
    assert.equal(
      countOf(
        times(2, () => ask('get', NOW)),
        'permit',
      ),
      1,
      '$LATEST has what is left',
    )
    const provisioned = times(3, () => ask('get', { version: '1', ...NOW }))
    assert.equal(countOf(provisioned, 'permit'), 2)
  })
})
