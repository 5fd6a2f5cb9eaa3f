import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Fire } from '../../../src/bus/fire.ts'
import { virtualClock, type VirtualClock } from '../../../src/lib/clock.ts'
import type { Schedule } from '../../../src/model/background.ts'
import { openRecord } from '../../../src/sources/schedule/record.ts'
import { ScheduleRunner } from '../../../src/sources/schedule/runner.ts'
import { makeFolder } from '../../support/service.ts'

const ACCOUNT = { accountId: '123456789012', region: 'us-east-1' }
const START = Date.parse('2026-03-06T12:00:00Z')
const MINUTE_MS = 60_000

function scheduleOf(given: Partial<Schedule> = {}): Schedule {
  return {
    name: 'nightly',
    functionName: 'report',
    expression: 'rate(5 minutes)',
    kind: 'rule',
    timeZone: 'UTC',
    enabled: true,
    place: { file: 'serverless.yml', line: 1, column: 1 },
    ...given,
  }
}

/** A machine with a clock and a disk, on which servers come and go. */
class Machine {
  readonly clock: VirtualClock & { setForward(ms: number): void }
  readonly fired: {
    readonly functionName: string
    readonly at: string
    readonly event: unknown
  }[] = []
  readonly troubles: string[] = []
  readonly directory: string | undefined
  fire: Fire = async () => {}

  constructor(directory?: string) {
    this.directory = directory
    this.clock = settable(virtualClock(START))
  }

  start(...schedules: Schedule[]): ScheduleRunner {
    const onTrouble = (sentence: string): void => void this.troubles.push(sentence)
    const runner = new ScheduleRunner({
      clock: this.clock,
      fire: async (functionName, json, cause) => {
        assert.equal(cause, 'schedule')
        await this.fire(functionName, json, cause)
        this.fired.push({ functionName, at: this.now(), event: JSON.parse(json) })
      },
      record: openRecord(this.directory, onTrouble),
      onTrouble,
    })
    runner.configure(schedules, ACCOUNT)
    return runner
  }

  /** Time goes on, second by second; whoever waits for a promise in between gets it. */
  async pass(minutes: number): Promise<void> {
    for (let second = 0; second < minutes * 60; second++) {
      this.clock.advance(1000)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  now(): string {
    return new Date(this.clock.wallMs()).toISOString().slice(11, 19)
  }

  events(): Record<string, unknown>[] {
    return this.fired.map(({ event }) => event as Record<string, unknown>)
  }

  times(): string[] {
    return this.fired.map(({ at }) => at)
  }
}

/** A clock whose wall time can be set while its timers know nothing of it. */
function settable(clock: VirtualClock): VirtualClock & { setForward(ms: number): void } {
  let aheadMs = 0
  return {
    ...clock,
    wallMs: () => clock.wallMs() + aheadMs,
    setForward: (ms) => void (aheadMs += ms),
  }
}

describe('A schedule that runs', () => {
  test('fires on time, with the event of a rule', async () => {
    const machine = new Machine()
    machine.start(scheduleOf({ expression: 'cron(3/2 12 * * ? *)' }))
    await machine.pass(6)
    assert.deepEqual(machine.times(), ['12:03:00', '12:05:00'])
    const { id, ...event } = machine.events()[0] ?? {}
    assert.match(String(id), /^[\da-f-]{36}$/)
    assert.deepEqual(event, {
      version: '0',
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      account: '123456789012',
      time: '2026-03-06T12:03:00Z',
      region: 'us-east-1',
      resources: ['arn:aws:events:us-east-1:123456789012:rule/nightly'],
      detail: {},
    })
  })

  test("of Scheduler has Scheduler's event, or its input with what it asks for", async () => {
    const machine = new Machine()
    const input =
      '{"due":"<aws.scheduler.scheduled-time>","of":"<aws.scheduler.schedule-arn>","try":<aws.scheduler.attempt-number>,"other":"<aws.x>"}'
    machine.start(
      scheduleOf({ kind: 'scheduler' }),
      scheduleOf({ kind: 'scheduler', name: 'other', functionName: 'second', input }),
    )
    await machine.pass(5)
    const arn = 'arn:aws:scheduler:us-east-1:123456789012:schedule/default'
    const plain = machine.events()[0] ?? {}
    assert.equal(plain['source'], 'aws.scheduler')
    assert.equal(plain['detail'], '{}')
    assert.deepEqual(plain['resources'], [`${arn}/nightly`])
    assert.deepEqual(machine.fired[1], {
      functionName: 'second',
      at: '12:05:00',
      event: { due: '2026-03-06T12:05:00Z', of: `${arn}/other`, try: 1, other: '<aws.x>' },
    })
  })

  test('that is not enabled does not', async () => {
    const machine = new Machine()
    machine.start(scheduleOf({ enabled: false }))
    await machine.pass(20)
    assert.deepEqual(machine.times(), [])
  })

  test('goes by the clock of its zone', async () => {
    const machine = new Machine()
    const noon = 'cron(5 13 * * ? *)'
    machine.start(scheduleOf({ kind: 'scheduler', expression: noon, timeZone: 'Europe/Berlin' }))
    await machine.pass(10)
    assert.deepEqual(machine.times(), ['12:05:00'])
  })

  test('fires a single moment once', async () => {
    const machine = new Machine()
    machine.start(scheduleOf({ kind: 'scheduler', expression: 'at(2026-03-06T12:04:00)' }))
    await machine.pass(20)
    assert.deepEqual(machine.times(), ['12:04:00'])
  })

  test('begins and ends with its own dates; a rate begins at its start', async () => {
    const machine = new Machine()
    machine.start(
      scheduleOf({
        kind: 'scheduler',
        startMs: START + 7 * MINUTE_MS,
        endMs: START + 18 * MINUTE_MS,
      }),
    )
    await machine.pass(40)
    assert.deepEqual(machine.times(), ['12:07:00', '12:12:00', '12:17:00'])
  })

  test('goes on as it was when others come and go beside it', async () => {
    const machine = new Machine()
    const runner = machine.start(scheduleOf())
    await machine.pass(3)
    runner.configure([scheduleOf(), scheduleOf({ name: 'new', functionName: 'second' })], ACCOUNT)
    await machine.pass(6)
    runner.configure([scheduleOf({ name: 'new', functionName: 'second' })], ACCOUNT)
    await machine.pass(6)
    assert.deepEqual(
      machine.fired.map(({ functionName, at }) => `${functionName} ${at}`),
      ['report 12:05:00', 'second 12:08:00', 'second 12:13:00'],
    )
  })

  test('does not fire once it is stopped', async () => {
    const machine = new Machine()
    const runner = machine.start(scheduleOf())
    await machine.pass(5)
    runner.stop()
    await machine.pass(20)
    assert.deepEqual(machine.times(), ['12:05:00'])
  })

  test('asks again where its firing cannot be taken, and says so when that is too late', async () => {
    const machine = new Machine()
    let refusals = 2
    machine.fire = async () => {
      if (refusals-- > 0) throw new Error('the disk is full')
    }
    const runner = machine.start(scheduleOf())
    await machine.pass(6)
    assert.deepEqual(machine.times(), ['12:05:02'])
    assert.deepEqual(machine.troubles, [])
    refusals = Infinity
    await machine.pass(7)
    runner.stop()
    assert.deepEqual(machine.times(), ['12:05:02'])
    assert.match(
      machine.troubles.join('\n'),
      /^schedule nightly: its firing of 2026-03-06T12:10:00Z is lost: the disk is full$/,
    )
  })
})

describe('Over a restart a schedule', () => {
  test('goes on counting its rate from where it began', async () => {
    const machine = new Machine(makeFolder())
    machine.start(scheduleOf()).stop()
    await machine.pass(3)
    machine.start(scheduleOf())
    await machine.pass(3)
    assert.deepEqual(machine.times(), ['12:05:00'])
  })

  test('fires what was due less than a minute ago, once', async () => {
    const machine = new Machine(makeFolder())
    machine.start(scheduleOf()).stop()
    machine.clock.advance(5 * MINUTE_MS + 30_000)
    for (let start = 0; start < 3; start++) {
      const runner = machine.start(scheduleOf())
      await machine.pass(0)
      machine.clock.advance(1)
      await new Promise((resolve) => setImmediate(resolve))
      runner.stop()
    }
    assert.deepEqual(machine.times(), ['12:05:30'])
  })

  test('does not make up for what was due before', async () => {
    const machine = new Machine(makeFolder())
    machine.start(scheduleOf()).stop()
    machine.clock.advance(12 * MINUTE_MS)
    machine.start(scheduleOf())
    await machine.pass(4)
    assert.deepEqual(machine.times(), ['12:15:00'])
  })

  test('is a new one where it has changed', async () => {
    const machine = new Machine(makeFolder())
    machine.start(scheduleOf()).stop()
    machine.clock.advance(3 * MINUTE_MS)
    machine.start(scheduleOf({ expression: 'rate(4 minutes)' }))
    await machine.pass(5)
    assert.deepEqual(machine.times(), ['12:07:00'])
  })

  test('begins anew where its record cannot be read, and says so', async () => {
    const machine = new Machine(makeFolder())
    writeFileSync(join(machine.directory ?? '', 'schedules.json'), '{"version":1,"sched')
    machine.start(scheduleOf())
    await machine.pass(5)
    assert.deepEqual(machine.times(), ['12:05:00'])
    assert.match(machine.troubles.join('\n'), /schedules\.json does not say what has fired/)
  })

  test('fires each of its times at most once, whenever servers and clocks stop and go', () => {
    const step = fc.oneof(
      fc.constant({ what: 'restart' as const, ms: 0 }),
      fc.record({ what: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 200_000 }) }),
      fc.record({ what: fc.constant('down' as const), ms: fc.integer({ min: 1, max: 200_000 }) }),
      fc.record({
        what: fc.constant('set' as const),
        ms: fc.integer({ min: -150_000, max: 150_000 }),
      }),
    )
    const expressions = fc.constantFrom('rate(1 minute)', 'cron(0/2 * * * ? *)')
    fc.assert(
      fc.property(
        expressions,
        fc.array(step, { size: 'max', maxLength: 20 }),
        (expression, steps) => {
          const machine = new Machine(makeFolder())
          const due: string[] = []
          machine.fire = async (_, json) =>
            void due.push((JSON.parse(json) as { time: string }).time)
          let runner = machine.start(scheduleOf({ expression }))
          for (const { what, ms } of steps) {
            if (what === 'pass') machine.clock.advance(ms)
            if (what === 'set') machine.clock.setForward(ms)
            if (what === 'restart' || what === 'down') {
              runner.stop()
              if (what === 'down') machine.clock.advance(ms)
              runner = machine.start(scheduleOf({ expression }))
            }
          }
          runner.stop()
          rmSync(machine.directory ?? '', { recursive: true })
          assert.deepEqual(due.toSorted(), [...new Set(due)].toSorted())
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('A clock that is set', () => {
  test('forward leaves out what is over, and says so', async () => {
    const machine = new Machine()
    machine.start(scheduleOf())
    machine.clock.setForward(23 * MINUTE_MS)
    await machine.pass(3)
    assert.deepEqual(machine.times(), ['12:25:00'])
    assert.match(
      machine.troubles.join('\n'),
      /^schedule nightly: its firing of 2026-03-06T12:05:00Z was missed, and is not made up for$/,
    )
  })

  test('back fires nothing again', async () => {
    const machine = new Machine()
    machine.start(scheduleOf())
    await machine.pass(6)
    machine.clock.setForward(-4 * MINUTE_MS)
    await machine.pass(9)
    assert.deepEqual(machine.times(), ['12:05:00', '12:10:00'])
  })

  test('by far was wrong before: what it wrote down does not hold', async () => {
    const machine = new Machine(makeFolder())
    machine.clock.setForward(400 * 24 * 60 * MINUTE_MS)
    const runner = machine.start(scheduleOf({ expression: 'cron(0/5 * * * ? *)' }))
    await machine.pass(5)
    runner.stop()
    machine.clock.setForward(-400 * 24 * 60 * MINUTE_MS)
    machine.start(scheduleOf({ expression: 'cron(0/5 * * * ? *)' }))
    await machine.pass(5)
    assert.deepEqual(machine.times(), ['12:05:00', '12:10:00'])
  })
})

describe('A disk that takes nothing', () => {
  test('keeps firings back while they are not too late, because a crash would repeat them', async () => {
    const directory = makeFolder()
    const machine = new Machine(directory)
    const beside = join(directory, `schedules.json.${process.pid}.tmp`)
    machine.start(scheduleOf())
    // A folder where the new file would be written first.
    mkdirSync(beside)
    machine.clock.advance(5 * MINUTE_MS + 20_000)
    await machine.pass(0)
    assert.deepEqual(machine.times(), [])
    rmSync(beside, { recursive: true })
    machine.clock.advance(1000)
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(machine.times(), ['12:05:21'])
    assert.match(machine.troubles.join('\n'), /^what has fired cannot be written down: /)
    assert.match(readFileSync(join(directory, 'schedules.json'), 'utf8'), /"lastMs"/)
  })
})
