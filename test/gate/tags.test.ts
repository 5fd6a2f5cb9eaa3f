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

describe('A tag', () => {
  const tagged: LimitsConfig = {
    ...CONFIG,
    tags: { db: { maxConcurrency: 3 }, mail: { maxConcurrency: 2 } },
    functions: {
      ...CONFIG.functions,
      post: { group: 'api', tags: ['db', 'mail'] },
      load: { group: 'etl', tags: ['db'] },
    },
  }

  it('caps functions of different groups together, and no others', () => {
    const { ask } = openGate(tagged)
    ask('post')
    ask('load')
    ask('load')
    const { scope, name, why, max, inUse } = blockedOf(ask('load', NOW))
    assert.deepEqual([scope, name, why, max, inUse], ['tag', 'db', 'maxConcurrency', 3, 3])
    assert.equal(kindOf(ask('extract', NOW)), 'permit')
  })

  it('may overlap with another; both must have room', () => {
    const { ask } = openGate(tagged)
    ask('post')
    const second = ask('post')
    assert.equal(blockedOf(ask('post', NOW)).name, 'mail')
    permitOf(second).release()
    ask('load')
    ask('load')
    assert.equal(blockedOf(ask('post', NOW)).name, 'db')
  })

  it('hands what it gets back to who waits for it, the higher priority first', () => {
    const { ask } = openGate(tagged)
    const running = times(3, () => ask('load'))
    const background = ask('load', BATCH)
    const user = ask('post')
    permitOf(running[0] as Asked).release()
    assert.deepEqual([kindOf(user), kindOf(background)], ['permit', undefined])
    permitOf(running[1] as Asked).release()
    assert.equal(kindOf(background), 'permit')
  })

  it('that is raised lets in who waits for it', () => {
    const { ask, gate } = openGate(tagged)
    times(3, () => ask('load'))
    const waiting = times(3, () => ask('load'))
    gate.configure({ ...tagged, tags: { ...tagged.tags, db: { maxConcurrency: 5 } } })
    assert.equal(countOf(waiting, 'permit'), 2)
  })

  it('that has room lets in whom only a guarantee above has room for, past who must wait on', () => {
    const db = { tags: ['db'] }
    const { ask } = openGate({
      ...CONFIG,
      account: { maxConcurrency: 3 },
      tags: { db: { maxConcurrency: 1 } },
      functions: {
        get: { group: 'api' },
        post: { group: 'api', guaranteedConcurrency: 2, perTenant: { maxConcurrency: 1 }, ...db },
        load: { group: 'etl', ...db },
      },
    })
    const first = ask('post', { tenant: 'one' })
    const load = ask('load')
    const second = ask('post', { tenant: 'two' })
    assert.equal(kindOf(ask('get')), 'permit')
    permitOf(first).release()
    assert.deepEqual([kindOf(load), kindOf(second)], [undefined, 'permit'])
  })

  it('lets everyone of a priority have a try before a lower one', () => {
    const db = { tags: ['db'] }
    const api = { group: 'api' }
    const functions = { load: { group: 'etl', ...db }, extract: { group: 'etl', ...db } }
    const users = { get: { ...api, ...db }, post: { ...api, ...db }, mail: api }
    const config = {
      ...tagged,
      account: { maxConcurrency: 4 },
      functions: { ...functions, ...users },
    }
    const { ask, gate } = openGate(config)
    times(2, () => ask('load'))
    const [running, other] = [ask('get'), ask('mail')]
    const [stuck, user] = [ask('extract'), ask('post')]
    // Has both tried, and found waiting for the tag. Then the first of them may not run for other reasons.
    permitOf(other).release()
    gate.configure({ ...config, groups: { api: {}, etl: { maxConcurrency: 2 } } })
    ask('mail')
    const background = ask('mail', BATCH)
    permitOf(running).release()
    assert.deepEqual([stuck, user, background].map(kindOf), [undefined, 'permit', undefined])
  })

  it('gives a lower priority its turn, too', () => {
    const db = { tags: ['db'] }
    const { ask } = openGate({
      ...tagged,
      tags: { db: { maxConcurrency: 1 } },
      functions: {
        get: { group: 'api', ...db },
        post: { group: 'api', ...db },
        load: { group: 'etl', ...db },
      },
    })
    let running = ask('get')
    const background = ask('load', BATCH)
    const users = Array.from({ length: 40 }, (_, at) => ask(at % 2 === 0 ? 'get' : 'post'))
    for (let turn = 0; turn < 16; turn++) {
      permitOf(running).release()
      const [next] = users.filter((each) => kindOf(each) === 'permit')
      if (next === undefined) break
      users.splice(users.indexOf(next), 1)
      running = next
    }
    assert.equal(kindOf(background), 'permit')
  })

  it('does not hold up those behind who do not have it', () => {
    const { ask } = openGate({ ...tagged, account: { maxConcurrency: 4 } })
    times(3, () => ask('load'))
    const other = ask('get')
    const waiting = [ask('post'), ask('get')]
    permitOf(other).release()
    assert.deepEqual(waiting.map(kindOf), [undefined, 'permit'])
  })

  it('is counted anew when a function that runs gets or loses it', () => {
    const { ask, gate } = openGate(tagged)
    times(3, () => ask('extract'))
    gate.configure({
      ...tagged,
      functions: { ...tagged.functions, extract: { group: 'etl', tags: ['db'] } },
    })
    assert.equal(blockedOf(ask('load', NOW)).name, 'db')
    gate.configure(tagged)
    assert.equal(kindOf(ask('load', NOW)), 'permit')
  })
})
