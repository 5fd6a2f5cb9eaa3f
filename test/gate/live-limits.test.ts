import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Gate } from '../../src/gate/gate.ts'
import type { ChangeHow, LimitChange, LimitField } from '../../src/gate/limits/limits.ts'
import {
  createLimitsControl,
  type LimitsAudit,
  type LiveLimits,
} from '../../src/gate/limits/live-limits.ts'
import type { SavedChange } from '../../src/gate/limits/saved-changes.ts'
import { virtualClock, type VirtualClock } from '../../src/lib/clock.ts'
import { SpillwayError } from '../../src/lib/errors.ts'
import type { LimitsConfig } from '../../src/model/limits.ts'

const MINUTE_MS = 60_000

const CONFIG: LimitsConfig = {
  account: { maxConcurrency: 100 },
  groups: { etl: { maxConcurrency: 20 }, api: {} },
  tags: { db: { maxConcurrency: 8 } },
  functions: { 'shop-load': { group: 'etl' }, 'shop-lead': { group: 'api' } },
}

interface Rig {
  readonly gate: Gate
  readonly limits: LiveLimits
  readonly clock: VirtualClock
  readonly audits: LimitsAudit[]
  readonly troubles: string[]
  /** What is on disk. */
  readonly disk: { changes: readonly SavedChange[]; full: boolean }
  readonly set: (value: number | null, how?: ChangeHow) => void
  /** The maximum of the group etl, and whether the gate goes by it. */
  readonly etl: () => number | undefined
}

function start(disk: Rig['disk'] = { changes: [], full: false }, config = CONFIG): Rig {
  const clock = virtualClock(Date.UTC(2026, 10, 24))
  const gate = new Gate(config, { clock })
  const audits: LimitsAudit[] = []
  const troubles: string[] = []
  const limits = createLimitsControl(gate, (audit) => audits.push(audit), {
    clock,
    keys: () =>
      new Map([
        ['shop-load', 'load'],
        ['shop-lead', 'lead'],
        ['crm-lead', 'lead'],
      ]),
    onTrouble: (sentence) => troubles.push(sentence),
    saved: {
      changes: disk.changes,
      save(changes) {
        if (disk.full) throw new SpillwayError('SPILLWAY_LIMITS', 'no room')
        disk.changes = changes
      },
    },
  })
  return {
    gate,
    limits,
    clock,
    audits,
    troubles,
    disk,
    set: (value, how) => void limits.change([etl(value)], 'ada', how),
    etl: () => gate.config.groups['etl']?.maxConcurrency,
  }
}

function etl(value: number | null, field: LimitField = 'maxConcurrency'): LimitChange {
  return { scope: 'group', name: 'etl', field, value }
}

describe('A change for a time', () => {
  test('is taken back when that is over, and the log says why', () => {
    const { clock, audits, set, etl: max } = start()
    set(5, { forMs: 30 * MINUTE_MS })
    clock.advance(30 * MINUTE_MS - 1)
    assert.equal(max(), 5)
    clock.advance(1)
    assert.equal(max(), 20)
    assert.deepEqual(audits, [
      { by: 'ada', changes: [etl(5)], forMs: 30 * MINUTE_MS },
      { by: 'ada', changes: [etl(20)], why: 'its 30m are over' },
    ])
    clock.advance(60 * MINUTE_MS)
    assert.equal(audits.length, 2)
  })

  test('goes back to what was set live before', () => {
    const { clock, set, etl: max } = start()
    set(10)
    set(5, { forMs: MINUTE_MS })
    clock.advance(MINUTE_MS)
    assert.equal(max(), 10)
  })

  test('goes back to what the configuration says by then', () => {
    const { limits, clock, set, etl: max } = start()
    set(5, { forMs: MINUTE_MS })
    limits.rebase({ ...CONFIG, groups: { ...CONFIG.groups, etl: { maxConcurrency: 30 } } })
    assert.equal(max(), 5)
    clock.advance(MINUTE_MS)
    assert.equal(max(), 30)
  })

  test('is not taken back once the limit was changed again', () => {
    const { clock, audits, set, etl: max } = start()
    set(5, { forMs: MINUTE_MS })
    set(7)
    clock.advance(MINUTE_MS)
    assert.equal(max(), 7)
    assert.equal(audits.length, 2)
  })

  test('in another one comes back as long as it still holds, and ends on its own time', () => {
    const { clock, set, etl: max } = start()
    set(5, { forMs: 3 * MINUTE_MS })
    set(7, { forMs: MINUTE_MS })
    clock.advance(MINUTE_MS)
    assert.equal(max(), 5)
    clock.advance(2 * MINUTE_MS)
    assert.equal(max(), 20)
    set(5, { forMs: MINUTE_MS })
    set(7, { forMs: 3 * MINUTE_MS })
    clock.advance(3 * MINUTE_MS)
    assert.equal(max(), 20)
  })

  test('ends for each limit by itself', () => {
    const { limits, clock } = start()
    limits.change([etl(5), { ...etl(3), name: 'api' }], 'ada', { forMs: MINUTE_MS })
    limits.change([etl(9)], 'ada')
    clock.advance(MINUTE_MS)
    const { groups } = limits.current()
    assert.deepEqual(groups, { etl: { maxConcurrency: 9 }, api: {} })
  })

  test('that can no longer be taken back stays, and is told', () => {
    const { limits, clock, audits, troubles, set, etl: max } = start()
    set(50, { forMs: MINUTE_MS })
    limits.change([etl(40, 'guaranteedConcurrency')], 'bob')
    clock.advance(MINUTE_MS)
    assert.equal(max(), 50)
    assert.equal(audits.length, 2)
    assert.deepEqual(troubles, [
      'group:etl stays as it is though its 1m are over: group etl: its guaranteedConcurrency of 40 is above its maxConcurrency of 20; lower the one or raise the other',
    ])
    clock.advance(MINUTE_MS)
    assert.equal(troubles.length, 1)
  })

  test('that does not fit a new configuration is gone, what it stood on holds again, and that is told', () => {
    const { limits, clock, audits, troubles } = start()
    const api = (value: number): LimitChange => ({
      ...etl(value, 'guaranteedConcurrency'),
      name: 'api',
    })
    limits.change([api(10)], 'ada', { save: true })
    limits.change([api(60)], 'bob', { forMs: MINUTE_MS })
    limits.change([etl(9)], 'bob')
    limits.rebase({ ...CONFIG, account: { maxConcurrency: 50 } })
    const groups = { etl: { maxConcurrency: 9 }, api: { guaranteedConcurrency: 10 } }
    assert.deepEqual(limits.current().groups, groups)
    assert.deepEqual(troubles, [
      'the change of group:api.guaranteedConcurrency, made by bob, is gone: account: 60 are guaranteed together (group api 60), its maxConcurrency is 50; lower one of them or raise the account',
    ])
    clock.advance(MINUTE_MS)
    assert.deepEqual([limits.current().groups, audits.length], [groups, 3])
  })

  test('lets nobody past while a new configuration takes over from the old, one change misfitting', () => {
    const { gate, limits, set } = start()
    set(1)
    limits.change([{ ...etl(60, 'guaranteedConcurrency'), name: 'api' }], 'bob')
    const decisions: string[] = []
    gate.setSlots('shop-load', 2)
    const ask = {
      functionName: 'shop-load',
      priority: 'batch',
      maxWaitMs: 9,
      deadlineMs: 9,
    } as const
    for (let i = 0; i < 2; i++) {
      gate.acquire(ask, { onDecision: ({ kind }) => void decisions.push(kind) })
    }
    limits.rebase({ ...CONFIG, account: { maxConcurrency: 50 } })
    assert.deepEqual(limits.current().groups, { etl: { maxConcurrency: 1 }, api: {} })
    assert.deepEqual(decisions, ['permit'])
  })

  test('stays with all others where a new configuration does not fit by itself', () => {
    const { limits, set, etl: max } = start()
    set(5, { forMs: MINUTE_MS })
    const before = limits.current()
    const api = { guaranteedConcurrency: 101 }
    assert.throws(() => limits.rebase({ ...CONFIG, groups: { api } }), /101 are guaranteed/)
    assert.equal(limits.current(), before)
    assert.equal(max(), 5)
  })

  test('is no longer known once its group is gone', () => {
    const { limits, clock, audits, set } = start()
    set(5, { forMs: MINUTE_MS })
    limits.rebase({
      ...CONFIG,
      groups: {},
      functions: { 'shop-load': { group: 'api' }, 'shop-lead': { group: 'api' } },
    })
    clock.advance(MINUTE_MS)
    assert.equal(audits.length, 1)
    assert.deepEqual(limits.current().groups, {})
  })

  for (const forMs of [0, -1, Infinity, Number.NaN]) {
    test(`is refused for ${forMs} ms`, () => {
      const { set, etl: max } = start()
      assert.throws(() => set(5, { forMs }), /expected a time above 0/)
      assert.equal(max(), 20)
    })
  }
})

describe('A saved change', () => {
  test('holds again after a restart, and is named then', () => {
    const first = start()
    first.set(5, { save: true })
    first.set(6)
    const { etl: max, audits } = start(first.disk)
    assert.equal(max(), 5)
    const why = 'saved at 2026-11-24T00:00:00.000Z'
    assert.deepEqual(audits, [{ by: 'ada', changes: [etl(5)], why }])
  })

  test('may take a limit of the configuration away', () => {
    const first = start()
    first.set(null, { save: true })
    assert.equal(start(first.disk).etl(), undefined)
  })

  test('that says what the configuration says is no longer saved', () => {
    const { disk, set } = start()
    set(5, { save: true })
    set(20, { save: true })
    assert.deepEqual(disk.changes, [])
  })

  test('is what comes back after a change for a time', () => {
    const { clock, set, etl: max } = start()
    set(5, { save: true })
    set(1, { forMs: MINUTE_MS })
    clock.advance(MINUTE_MS)
    assert.equal(max(), 5)
  })

  test('whose group is gone is told, ignored and kept: it may come back', () => {
    const { disk, set } = start()
    set(5, { save: true })
    const without: LimitsConfig = { ...CONFIG, groups: { api: {} }, functions: {} }
    const { limits, troubles, audits } = start(disk, without)
    assert.deepEqual(troubles, [
      'the saved change of group:etl, made by ada at 2026-11-24T00:00:00.000Z, is ignored: there is no group "etl" any more',
    ])
    assert.deepEqual(audits, [])
    limits.change([{ ...etl(3), name: 'api' }], 'ada', { save: true })
    assert.equal(disk.changes.length, 2)
    limits.rebase(CONFIG)
    assert.equal(limits.current().groups['etl']?.maxConcurrency, 5)
  })

  test('that does not fit the configuration any more is told and ignored, the others hold', () => {
    const { disk, limits } = start()
    const account = { scope: 'account', name: '', field: 'maxConcurrency', value: 50 } as const
    limits.change([etl(10, 'guaranteedConcurrency'), account], 'ada', { save: true })
    const api = { guaranteedConcurrency: 60 }
    const { limits: later, troubles } = start(disk, {
      ...CONFIG,
      groups: { ...CONFIG.groups, api },
    })
    assert.equal(later.current().account.maxConcurrency, 100)
    assert.equal(later.current().groups['etl']?.guaranteedConcurrency, 10)
    assert.match(
      troubles.join('\n'),
      /^the saved change of account, .* is ignored: account: 70 are/,
    )
  })

  test('that does not fit is in the way of no other configuration, and holds on one that it fits', () => {
    const { disk, limits } = start()
    limits.change([{ ...etl(80, 'guaranteedConcurrency'), name: 'api' }], 'ada', { save: true })
    const small = { ...CONFIG, account: { maxConcurrency: 50 } }
    const { limits: later, troubles } = start(disk, small)
    assert.equal(troubles.length, 1)
    later.change([etl(30)], 'bob')
    later.rebase({ ...small, account: { maxConcurrency: 60 } })
    assert.equal(later.current().account.maxConcurrency, 60)
    assert.deepEqual(later.current().groups, { etl: { maxConcurrency: 30 }, api: {} })
    assert.equal(troubles[1], troubles[0]?.replace(/50; /, '60; '))
    later.rebase(CONFIG)
    assert.equal(later.current().groups['api']?.guaranteedConcurrency, 80)
    assert.equal(troubles.length, 2)
  })

  test('is not made where it cannot be written down', () => {
    const { set, etl: max, audits, disk } = start({ changes: [], full: true })
    assert.throws(() => set(5, { save: true }), /no room/)
    assert.deepEqual([max(), audits.length], [20, 0])
    disk.full = false
    set(5, { save: true })
    assert.equal(max(), 5)
  })

  test('is not for a time too', () => {
    const { set } = start()
    assert.throws(() => set(5, { save: true, forMs: 1 }), /for a time or saved, not both/)
  })

  test('needs somewhere to be saved', () => {
    const gate = new Gate(CONFIG, { clock: virtualClock() })
    const limits = createLimitsControl(gate, () => {})
    assert.throws(() => limits.change([etl(5)], 'ada', { save: true }), /no data directory/)
    assert.equal(gate.config, CONFIG)
  })
})

describe('A function', () => {
  const one = (name: string, scope: LimitChange['scope'] = 'function'): LimitChange => {
    const field = scope === 'version' ? 'provisionedConcurrency' : 'maxConcurrency'
    return { scope, name, field, value: 3 }
  }

  test('is found by its key in the manifest where only one has it', () => {
    const { limits, audits } = start()
    const changed = limits.change([one('load'), one('load:live', 'version')], 'ada')
    assert.deepEqual(
      changed.map(({ name, from, value }) => [name, from, value]),
      [
        ['shop-load', null, 3],
        ['shop-load:live', null, 3],
      ],
    )
    assert.equal(audits[0]?.changes[0]?.name, 'shop-load')
    assert.equal(limits.current().functions['shop-load']?.maxConcurrency, 3)
  })

  test('is asked for by its name where several have the key, or none', () => {
    const { limits } = start()
    assert.throws(() => limits.change([one('lead')], 'ada'), {
      message: 'more than one function has the key "lead": shop-lead, crm-lead; use that name',
    })
    assert.throws(() => limits.change([one('laod')], 'ada'), {
      message: 'no function is named "laod", did you mean "load"?',
    })
  })
})
