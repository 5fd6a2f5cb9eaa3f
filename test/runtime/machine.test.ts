import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { createMachine, type MachineOptions, type MachineUser } from '../../src/runtime/machine.ts'

interface User extends MachineUser {
  readonly name: string
  asked: number
  evicted: number
  kept: number
  idleMs: number | undefined
  /** How many it claims when it is woken, and for what. */
  wants: number
  when: 'ahead' | undefined
}

function setup(options: MachineOptions, ...names: readonly string[]) {
  const users: User[] = names.map((name) => ({
    name,
    asked: 0,
    evicted: 0,
    kept: 0,
    keptWarm() {
      return this.kept
    },
    idleMs: undefined,
    wants: 0,
    when: undefined,
    reconsider() {
      this.asked++
      while (this.wants > 0 && machine.claimStart(this, this.when)) this.wants--
    },
    oldestIdleMs() {
      return this.idleMs
    },
    evictOldestIdle() {
      this.evicted++
    },
  }))
  const machine = createMachine(options, () => users)
  const of = (name: string): User => users.find((user) => user.name === name) as User
  return { machine, of }
}

describe('A machine', () => {
  test('starts so many environments at once, and wakes who was refused when one is ready', () => {
    const { machine, of } = setup({ environmentsMax: 10, startsMax: 2 }, 'a', 'b', 'c')
    assert.deepEqual([machine.claimStart(of('a')), machine.claimStart(of('a'))], [true, true])
    assert.deepEqual([machine.claimStart(of('b')), machine.claimStart(of('c'))], [false, false])
    of('b').wants = 1
    machine.endStart()
    assert.deepEqual([of('b').asked, of('c').asked], [1, 0], 'first come, first woken')
    machine.endStart()
    assert.deepEqual([of('b').asked, of('c').asked], [1, 1])
    assert.equal(machine.environments, 3)
  })

  test('ends one idle environment for one place, however often it is asked', () => {
    const { machine, of } = setup({ environmentsMax: 1, startsMax: 2 }, 'warm', 'cold')
    assert.equal(machine.claimStart(of('warm')), true)
    machine.endStart()
    of('warm').idleMs = 1
    for (let i = 0; i < 40; i++) assert.equal(machine.claimStart(of('cold')), false)
    assert.equal(of('warm').evicted, 1)
    machine.release()
    assert.equal(machine.claimStart(of('cold')), true)
  })

  test('leaves a tenth of the places to those who are in demand', () => {
    const { machine, of } = setup({ environmentsMax: 10, startsMax: 20 }, 'warm', 'other', 'busy')
    for (let i = 0; i < 9; i++) {
      assert.equal(machine.claimStart(of('warm'), 'ahead'), true)
      of('warm').kept++
    }
    of('warm').idleMs = 1
    assert.equal(machine.claimStart(of('other'), 'ahead'), false)
    assert.equal(machine.claimStart(of('busy')), true)
    assert.equal(of('warm').evicted, 0)
  })

  test('fills all places ahead of demand where most are not kept warm, and evicts for it', () => {
    const { machine, of } = setup({ environmentsMax: 2, startsMax: 9 }, 'idle', 'warm')
    for (let i = 0; i < 2; i++) assert.equal(machine.claimStart(of('idle')), true)
    of('idle').idleMs = 1
    assert.equal(machine.claimStart(of('warm'), 'ahead'), false)
    assert.equal(of('idle').evicted, 1)
    machine.release()
    assert.deepEqual([of('warm').asked, machine.claimStart(of('warm'), 'ahead')], [1, true])
  })

  test('wakes those ahead of demand after all others, one for each place', () => {
    const names = ['busy', 'warm', 'more', 'last']
    const { machine, of } = setup({ environmentsMax: 10, startsMax: 1 }, ...names)
    const asked = () => names.map((name) => of(name).asked)
    assert.equal(machine.claimStart(of('busy')), true)
    for (const name of ['warm', 'last']) {
      assert.equal(machine.claimStart(of(name), 'ahead'), false)
      Object.assign(of(name), { wants: 1, when: 'ahead' })
    }
    assert.equal(machine.claimStart(of('more')), false)
    of('more').wants = 1
    machine.endStart()
    assert.deepEqual(asked(), [0, 0, 1, 0])
    machine.endStart()
    assert.deepEqual(asked(), [0, 1, 1, 0])
    machine.endStart()
    assert.deepEqual(asked(), [0, 1, 1, 1])
  })

  test('passes over those who want no place any more, and no further than one who gets none', () => {
    const names = ['busy', 'stale', 'old', 'warm', 'many', 'next']
    const { machine, of } = setup({ environmentsMax: 10, startsMax: 2 }, ...names)
    const asked = () => names.map((name) => of(name).asked)
    for (let i = 0; i < 2; i++) assert.equal(machine.claimStart(of('busy')), true)
    assert.equal(machine.claimStart(of('warm'), 'ahead'), false)
    for (const name of ['stale', 'old']) assert.equal(machine.claimStart(of(name)), false)
    Object.assign(of('warm'), { wants: 1, when: 'ahead' })
    machine.endStart()
    assert.deepEqual(asked(), [0, 1, 1, 1, 0, 0])
    assert.equal(machine.environments, 3)

    for (const name of ['many', 'next']) {
      assert.equal(machine.claimStart(of(name)), false)
      of(name).wants = 2
    }
    machine.release()
    assert.deepEqual(asked(), [0, 1, 1, 1, 1, 0], 'it is no start that has ended')
    assert.equal(machine.environments, 2)
  })

  test('takes a place back that was just claimed, and wakes nobody for it', () => {
    const { machine, of } = setup({ environmentsMax: 1, startsMax: 1 }, 'a', 'b')
    assert.equal(machine.claimStart(of('a')), true)
    assert.equal(machine.claimStart(of('b')), false)
    machine.unclaim()
    assert.deepEqual([machine.environments, of('b').asked], [0, 0])
    assert.equal(machine.claimStart(of('b')), true)
  })

  test('wakes nobody twice for one refusal', () => {
    const { machine, of } = setup({ environmentsMax: 10, startsMax: 1 }, 'a', 'b')
    assert.equal(machine.claimStart(of('a')), true)
    assert.equal(machine.claimStart(of('b')), false)
    assert.equal(machine.claimStart(of('b')), false)
    machine.endStart()
    machine.release()
    assert.equal(of('b').asked, 1)
  })

  test('makes place by ending the environment that was idle longest, of whatever function', () => {
    const { machine, of } = setup({ environmentsMax: 3, startsMax: 9 }, 'a', 'b', 'c', 'd')
    for (const name of ['a', 'b', 'c']) assert.equal(machine.claimStart(of(name)), true)
    of('a').idleMs = 200
    of('b').idleMs = 100
    of('d').idleMs = 50
    assert.equal(machine.claimStart(of('d')), false, 'not before the other is gone')
    assert.deepEqual([of('a').evicted, of('b').evicted, of('c').evicted], [0, 1, 0])
    assert.equal(of('d').evicted, 0, 'its own is of use to it')
    machine.release()
    assert.equal(of('d').asked, 1)
    assert.equal(machine.claimStart(of('d')), true)
  })

  test('ends nothing where a start has to wait anyway, or where nothing is idle', () => {
    const { machine, of } = setup({ environmentsMax: 1, startsMax: 1 }, 'a', 'b')
    assert.equal(machine.claimStart(of('a')), true)
    of('a').idleMs = 1
    assert.equal(machine.claimStart(of('b')), false)
    assert.equal(of('a').evicted, 0)
    machine.endStart()
    of('a').idleMs = undefined
    assert.equal(machine.claimStart(of('b')), false)
    assert.equal(of('a').evicted, 0)
  })

  test('starts no more than the memory that is free would hold, beyond a few', () => {
    let freeMb = 0
    const options = { startsMax: 99, memoryFreeMb: () => freeMb }
    const { machine, of } = setup(options, 'a', 'b')
    const claim = (count: number): boolean[] =>
      Array.from({ length: count }, () => machine.claimStart(of('a')))
    assert.ok(claim(16).every(Boolean), 'functions can call one another, however little there is')
    for (let n = 0; n < 16; n++) machine.endStart()
    of('b').idleMs = 1
    assert.equal(machine.claimStart(of('a')), false)
    assert.equal(of('b').evicted, 1, 'makes place')
    freeMb = 192 + 64 * 3
    assert.deepEqual(claim(4), [true, true, true, false], 'those that start have not taken theirs')
    assert.equal(machine.claimStart(of('a'), 'ahead'), false)
    freeMb = 192 + 64 * 4
    assert.equal(machine.claimStart(of('a'), 'ahead'), false, 'a reserve is left to demand')
    assert.equal(machine.claimStart(of('a')), true)
  })

  test('never has more environments or starts than allowed, whatever comes', () => {
    const step = fc.constantFrom('claim', 'ready', 'failed', 'gone')
    const steps = fc.array(step, { maxLength: 60, size: 'max' })
    fc.assert(
      fc.property(steps, (given) => {
        const { machine, of } = setup({ environmentsMax: 5, startsMax: 2 }, 'a')
        let starting = 0
        let ready = 0
        for (const each of given) {
          if (each === 'claim') {
            const allowed = starting < 2 && starting + ready < 5
            assert.equal(machine.claimStart(of('a')), allowed)
            if (allowed) starting++
          } else if (each === 'gone') {
            if (ready === 0) continue
            ready--
            machine.release()
          } else if (starting > 0) {
            starting--
            machine.endStart()
            if (each === 'ready') ready++
            else machine.release()
          }
          assert.equal(machine.environments, starting + ready)
        }
      }),
    )
  })
})
