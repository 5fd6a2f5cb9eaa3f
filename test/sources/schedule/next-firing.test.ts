import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Cron as Croner } from 'croner'
import fc from 'fast-check'
import { parseExpression } from '../../../src/sources/schedule/expression.ts'
import { nextFiring } from '../../../src/sources/schedule/next-firing.ts'
import { zoneOf } from '../../../src/sources/schedule/zone.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/** The next firings after a moment, as UTC without what is always zero. */
function next(text: string, after: string, count: number, zoneName = 'UTC'): string[] {
  const expression = parseExpression(text, 'scheduler')
  const zone = zoneOf(zoneName)
  assert.ok(zone !== undefined)
  const sinceMs = Date.parse(after)
  const firings: string[] = []
  for (let ms = sinceMs; firings.length < count;) {
    const found = nextFiring({ expression, zone, sinceMs }, ms)
    if (found === undefined) break
    firings.push(new Date(found).toISOString().replace(':00.000Z', 'Z'))
    ms = found
  }
  return firings
}

describe('A rate', () => {
  test('counts from when it was first seen', () => {
    assert.deepEqual(next('rate(5 minutes)', '2026-03-06T18:02:00Z', 2), [
      '2026-03-06T18:07Z',
      '2026-03-06T18:12Z',
    ])
  })

  test('has days of 24 hours, whatever clocks do', () => {
    // Berlin puts its clocks forward on the 29th.
    assert.deepEqual(next('rate(1 day)', '2026-03-28T11:00:00Z', 2, 'Europe/Berlin'), [
      '2026-03-29T11:00Z',
      '2026-03-30T11:00Z',
    ])
  })

  test('fires at whole periods from its start, always after the moment asked for', () => {
    const zone = zoneOf('UTC')
    assert.ok(zone !== undefined)
    const ms = fc.integer({ min: 0, max: 4e12 })
    fc.assert(
      fc.property(ms, ms, fc.integer({ min: 1, max: 500 }), (sinceMs, afterMs, minutes) => {
        const expression = parseExpression(`rate(${minutes} minutes)`, 'scheduler')
        const found = nextFiring({ expression, zone, sinceMs }, afterMs) ?? Number.NaN
        const periodMs = minutes * MINUTE_MS
        assert.equal((found - sinceMs) % periodMs, 0)
        assert.ok(found > afterMs && found > sinceMs)
        assert.ok(found - periodMs <= Math.max(afterMs, sinceMs))
      }),
    )
  })
})

describe('A cron expression', () => {
  for (const [what, text, after, firings] of [
    [
      'goes over the weekend',
      'cron(0 18 ? * MON-FRI *)',
      '2026-03-06T18:00:00Z',
      ['2026-03-09T18:00Z', '2026-03-10T18:00Z'],
    ],
    [
      'counts weekdays from Sunday',
      'cron(0 0 ? * 1 *)',
      '2026-03-06T00:00:00Z',
      ['2026-03-08T00:00Z'],
    ],
    [
      'steps from where it begins',
      'cron(10/20 8 * * ? *)',
      '2026-03-06T08:00:00Z',
      ['2026-03-06T08:10Z', '2026-03-06T08:30Z', '2026-03-06T08:50Z', '2026-03-07T08:10Z'],
    ],
    [
      'knows the last day of each month',
      'cron(0 0 L * ? *)',
      '2028-01-31T00:00:00Z',
      ['2028-02-29T00:00Z', '2028-03-31T00:00Z'],
    ],
    [
      'knows the last Friday',
      'cron(15 10 ? * 6L *)',
      '2026-01-01T00:00:00Z',
      ['2026-01-30T10:15Z', '2026-02-27T10:15Z'],
    ],
    [
      'knows the third Saturday',
      'cron(0 2 ? * SAT#3 *)',
      '2026-01-01T00:00:00Z',
      ['2026-01-17T02:00Z', '2026-02-21T02:00Z'],
    ],
    [
      'has months without a fifth',
      'cron(0 0 ? * 1#5 *)',
      '2026-01-01T00:00:00Z',
      ['2026-03-29T00:00Z'],
    ],
    [
      'moves to the nearest weekday, and never out of the month',
      'cron(0 0 1W * ? *)',
      '2026-07-15T00:00:00Z',
      ['2026-08-03T00:00Z', '2026-09-01T00:00Z'],
    ],
    [
      'goes over the end of the week',
      'cron(0 0 ? * FRI-MON *)',
      '2026-03-04T00:00:00Z',
      [
        '2026-03-06T00:00Z',
        '2026-03-07T00:00Z',
        '2026-03-08T00:00Z',
        '2026-03-09T00:00Z',
        '2026-03-13T00:00Z',
      ],
    ],
    [
      'ends with its years',
      'cron(0 0 1 1 ? 2026-2027)',
      '2026-06-01T00:00:00Z',
      ['2027-01-01T00:00Z'],
    ],
    ['never comes to the 30th of February', 'cron(0 0 30 2 ? *)', '2026-01-01T00:00:00Z', []],
    ['waits for leap years', 'cron(0 0 29 2 ? *)', '2096-03-01T00:00:00Z', ['2104-02-29T00:00Z']],
  ] as const) {
    test(what, () => {
      assert.deepEqual(next(text, after, Math.max(1, firings.length)), firings)
    })
  }

  test('agrees with croner, where both have words for it', () => {
    fc.assert(
      fc.property(CRON, fc.integer({ min: 0, max: 40 * 365 }), ({ aws, croner }, day) => {
        const from = new Date(Date.UTC(2020, 0, 1) + day * DAY_MS + 12_345_000)
        const theirs = new Croner(croner, { timezone: 'UTC', alternativeWeekdays: true })
          .nextRuns(3, from)
          .map((date) => date.toISOString().replace(':00.000Z', 'Z'))
        // Croner looks ten thousand years ahead, AWS to 2199.
        const comparable = theirs.filter((firing) => firing < '2200')
        assert.deepEqual(next(aws, from.toISOString(), comparable.length), comparable, aws)
      }),
      { numRuns: 3000 },
    )
  })

  test('fires when a clock in its zone shows what it says', () => {
    const zones = fc.constantFrom(
      'America/New_York',
      'Europe/Berlin',
      'Asia/Kolkata',
      'Australia/Lord_Howe',
      'Pacific/Apia',
    )
    fc.assert(
      fc.property(
        CRON,
        zones,
        fc.integer({ min: 0, max: 20 * 365 }),
        ({ aws, wants }, zoneName, day) => {
          const after = new Date(Date.UTC(2010, 0, 1) + day * DAY_MS).toISOString()
          for (const firing of next(aws, after, 5, zoneName)) {
            assert.ok(wants(clockIn(zoneName, firing)), `${aws} fires at ${firing} in ${zoneName}`)
          }
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('Clocks that are changed', () => {
  test('skip the firing that falls into the hour that is not', () => {
    assert.deepEqual(next('cron(30 2 * * ? *)', '2026-03-07T12:00:00Z', 2, 'America/New_York'), [
      '2026-03-09T06:30Z',
      '2026-03-10T06:30Z',
    ])
    assert.deepEqual(
      next('at(2026-03-29T02:30:00)', '2026-01-01T00:00:00Z', 1, 'Europe/Berlin'),
      [],
    )
  })

  test('do not repeat a firing when an hour comes twice', () => {
    assert.deepEqual(next('cron(30 1 * * ? *)', '2026-10-31T12:00:00Z', 2, 'America/New_York'), [
      '2026-11-01T05:30Z',
      '2026-11-02T06:30Z',
    ])
    assert.deepEqual(next('at(2026-10-25T02:30:00)', '2026-01-01T00:00:00Z', 2, 'Europe/Berlin'), [
      '2026-10-25T00:30Z',
    ])
  })

  test('that skip a day skip its firings', () => {
    // Samoa had no 30th of December in 2011.
    assert.deepEqual(next('cron(0 12 * * ? *)', '2011-12-29T00:00:00Z', 2, 'Pacific/Apia'), [
      '2011-12-29T22:00Z',
      '2011-12-30T22:00Z',
    ])
  })
})

describe('A time zone', () => {
  test('is an IANA name', () => {
    for (const name of ['UTC', 'Etc/UTC', 'Europe/Berlin', 'America/Argentina/Ushuaia']) {
      assert.ok(zoneOf(name) !== undefined, name)
    }
    for (const name of ['', 'Europe/Berln', '+02:00', '-0530', 'Mars/Olympus']) {
      assert.equal(zoneOf(name), undefined, name)
    }
  })

  test('and its clock lead to each other and back', () => {
    const zone = zoneOf('Australia/Lord_Howe')
    assert.ok(zone !== undefined)
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), (seconds) => {
        const ms = seconds * 1000
        const back = zone.fromLocalMs(zone.toLocalMs(ms))
        // Half an hour comes twice a year; the first is meant.
        assert.ok(back === ms || back === ms - 1_800_000)
      }),
    )
  })
})

interface Clock {
  readonly minute: number
  readonly hour: number
  readonly day: number
  readonly month: number
  /** 1 is Sunday. */
  readonly weekday: number
}

function clockIn(timeZone: string, iso: string): Clock {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  })
  const parts = new Map(
    format.formatToParts(new Date(iso)).map(({ type, value }) => [type, Number(value)]),
  )
  const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? Number.NaN
  const date = new Date(Date.UTC(part('year'), part('month') - 1, part('day')))
  return {
    minute: part('minute'),
    hour: part('hour'),
    day: part('day'),
    month: part('month'),
    weekday: date.getUTCDay() + 1,
  }
}

/** A field in both dialects, and what it wants of a clock. */
interface Field {
  readonly text: string
  readonly wants: (value: number) => boolean
}

function field(min: number, max: number): fc.Arbitrary<Field> {
  const value = fc.integer({ min, max })
  return fc.oneof(
    fc.constant({ text: '*', wants: () => true }),
    value.map((one) => ({ text: String(one), wants: (shown: number) => shown === one })),
    fc.uniqueArray(value, { minLength: 2, maxLength: 4 }).map((many) => ({
      text: many.join(','),
      wants: (shown: number) => many.includes(shown),
    })),
    fc.tuple(value, value).map(([one, other]) => {
      const [from, to] = [Math.min(one, other), Math.max(one, other)]
      return { text: `${from}-${to}`, wants: (shown: number) => shown >= from && shown <= to }
    }),
    fc.tuple(value, fc.integer({ min: 1, max: 7 })).map(([from, by]) => ({
      // Croner has a step only with a range.
      text: `${from}-${max}/${by}`,
      wants: (shown: number) => shown >= from && (shown - from) % by === 0,
    })),
  )
}

interface BothCrons {
  readonly aws: string
  readonly croner: string
  readonly wants: (clock: Clock) => boolean
}

const SPECIAL_DAYS = fc.constantFrom('L', 'LW', '1W', '15W', '28W')
const SPECIAL_WEEKDAYS = fc.constantFrom('2#1', '6#3', '7#5', '1L', '6L')

/** Days of either kind; those with letters have no simple test, and are checked against croner alone. */
const DAYS: fc.Arbitrary<{ day: string; weekday: string; wants: (clock: Clock) => boolean }> =
  fc.oneof(
    field(1, 31).map(({ text, wants }) => ({
      day: text,
      weekday: '?',
      wants: (clock: Clock) => wants(clock.day),
    })),
    field(1, 7).map(({ text, wants }) => ({
      day: '?',
      weekday: text,
      wants: (clock: Clock) => wants(clock.weekday),
    })),
    SPECIAL_DAYS.map((day) => ({ day, weekday: '?', wants: () => true })),
    SPECIAL_WEEKDAYS.map((weekday) => ({ day: '?', weekday, wants: () => true })),
  )

const CRON: fc.Arbitrary<BothCrons> = fc
  .tuple(field(0, 59), field(0, 23), DAYS, field(1, 12))
  .map(([minute, hour, days, month]) => {
    const theirWeekday = days.weekday.replace(/^(\d)L$/, '$1#L')
    return {
      aws: `cron(${minute.text} ${hour.text} ${days.day} ${month.text} ${days.weekday} *)`,
      croner: `0 ${minute.text} ${hour.text} ${days.day} ${month.text} ${theirWeekday}`,
      wants: (clock: Clock) =>
        minute.wants(clock.minute) &&
        hour.wants(clock.hour) &&
        month.wants(clock.month) &&
        days.wants(clock),
    }
  })
