import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { formatDuration, parseDurationMs } from '../../src/lib/duration.ts'

describe('A duration', () => {
  test('is read in every unit, and in seconds where none is written', () => {
    const table: [unknown, number][] = [
      ['250ms', 250],
      ['2s', 2000],
      ['1.5m', 90_000],
      ['1h', 3_600_000],
      [' 3 s ', 3000],
      ['0', 0],
      ['0.5', 500],
      [30, 30_000],
      [0, 0],
    ]
    for (const [text, ms] of table) assert.equal(parseDurationMs(text), ms, String(text))
  })

  test('is nothing else', () => {
    const wrong = [
      '',
      's',
      '-1s',
      '1 d',
      '1s2',
      '.5s',
      '1e3',
      'ten',
      -1,
      NaN,
      true,
      null,
      undefined,
    ]
    for (const value of wrong) assert.equal(parseDurationMs(value), undefined, String(value))
  })

  test('that was written in milliseconds is that many', () => {
    const ms = fc.nat({ max: 1e9 })
    fc.assert(fc.property(ms, (value) => assert.equal(parseDurationMs(`${value}ms`), value)))
  })

  test('is shown in the unit that suits it', () => {
    const table: [number, string][] = [
      [0, '0 ms'],
      [13.6, '14 ms'],
      [999, '999 ms'],
      [1000, '1 s'],
      [1449, '1.4 s'],
      [59_900, '59.9 s'],
      [60_000, '1 min'],
      [150_000, '2.5 min'],
    ]
    for (const [ms, text] of table) assert.equal(formatDuration(ms), text)
  })

  test('just below a unit is shown in the next one, never as a thousand or sixty of its own', () => {
    assert.equal(formatDuration(999.6), '1 s')
    assert.equal(formatDuration(59_990), '1 min')
  })
})
