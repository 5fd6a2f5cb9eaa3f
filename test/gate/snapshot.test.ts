import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  BATCH,
  blockedOf,
  CONFIG,
  kindOf,
  NOW,
  openGate,
  permitOf,
  times,
  type Asked,
} from './rig.ts'

describe('The snapshot', () => {
  it('explains who waits for which limit, why, for how long, and who holds it', () => {
    const { ask, gate, clock } = openGate({
      ...CONFIG,
      groups: { api: {}, etl: { maxConcurrency: 2 } },
    })
    ask('extract')
    clock.advance(500)
    ask('load')
    clock.advance(1500)
    times(3, () => ask('load', BATCH))
    clock.advance(250)
    ask('load', NOW)
    const { groups, functions } = gate.snapshot()
    const load = functions.find(({ name }) => name === 'load')
    assert.deepEqual(load?.waits, [
      {
        priority: 'batch',
        count: 3,
        oldestMs: 250,
        blockedBy: 'group/etl',
        why: 'maxConcurrency',
        estimateMs: null,
      },
    ])
    assert.deepEqual(load.refused, {
      count: 1,
      agoMs: 0,
      limit: 'group/etl',
      why: 'maxConcurrency',
      waitedMs: 0,
    })
    assert.deepEqual(groups.find(({ name }) => name === 'etl')?.holders, [
      { functionName: 'extract', inUse: 1, oldestMs: 2250 },
      { functionName: 'load', inUse: 1, oldestMs: 1750 },
    ])
  })

  it('is short, however many tenants wait', () => {
    const { ask, gate } = openGate({
      ...CONFIG,
      functions: { get: { group: 'api', perTenant: { maxConcurrency: 1 } } },
    })
    for (let tenant = 0; tenant < 4; tenant++) times(3, () => ask('get', { tenant: `${tenant}` }))
    ask('get', { tenant: '0', priority: 'async' })
    const [fn] = gate.snapshot().functions
    assert.deepEqual(
      fn?.waits.map(({ priority, count, blockedBy }) => [priority, count, blockedBy]),
      [
        ['interactive', 8, 'tenant/get'],
        ['async', 1, 'tenant/get'],
      ],
    )
  })

  it('says how much more runs than a lowered maximum allows', () => {
    const { ask, gate } = openGate(CONFIG)
    const running = times(6, () => ask('load'))
    gate.configure({ ...CONFIG, groups: { api: {}, etl: { maxConcurrency: 2 } } })
    const over = (): number | undefined =>
      gate.snapshot().groups.find(({ name }) => name === 'etl')?.over
    assert.equal(over(), 4)
    for (const each of running.slice(0, 4)) {
      permitOf(each).release()
      assert.equal(blockedOf(ask('load', NOW)).name, 'etl')
    }
    assert.equal(over(), 0)
    permitOf(running[4] as Asked).release()
    assert.equal(kindOf(ask('load', NOW)), 'permit')
  })
})
