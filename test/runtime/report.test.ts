import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { endLines, startLine, type Report } from '../../src/runtime/report.ts'

const ID = '182f9086-3f1e-4b0c-9f6e-2a57b2c0a111'
const TIME = '2026-11-24T22:09:05.989Z'

const report = (more: Partial<Report> = {}): Report => ({
  requestId: ID,
  durationMs: 3.006,
  memoryMb: 128,
  maxMemoryUsedMb: 36,
  status: 'success',
  ...more,
})

describe('The lines around an invocation', () => {
  test('open with START', () => {
    assert.equal(startLine(ID, false, TIME), `START RequestId: ${ID} Version: $LATEST`)
    assert.deepEqual(JSON.parse(startLine(ID, true, TIME)), {
      time: TIME,
      type: 'platform.start',
      record: { requestId: ID, version: '$LATEST' },
    })
  })

  const start = `END RequestId: ${ID}\nREPORT RequestId: ${ID}\t`
  const memory = 'Memory Size: 128 MB\tMax Memory Used: 36 MB\t'
  const table: [what: string, Partial<Report>, text: string][] = [
    ['warm', {}, `Duration: 3.01 ms\tBilled Duration: 4 ms\t${memory}`],
    [
      'cold: the init is shown and billed',
      { initMs: 110.1 },
      `Duration: 3.01 ms\tBilled Duration: 114 ms\t${memory}Init Duration: 110.10 ms\t`,
    ],
    [
      "the handler's own error has no status",
      { status: 'error' },
      `Duration: 3.01 ms\tBilled Duration: 4 ms\t${memory}`,
    ],
    [
      'what the platform found',
      { status: 'error', errorType: 'Runtime.ExitError' },
      `Duration: 3.01 ms\tBilled Duration: 4 ms\t${memory}Status: error\tError Type: Runtime.ExitError`,
    ],
    [
      'a timeout, cold',
      { status: 'timeout', durationMs: 3000, initMs: 402.04, errorType: 'Sandbox.Timedout' },
      `Duration: 3000.00 ms\tBilled Duration: 3403 ms\t${memory}Init Duration: 402.04 ms\tStatus: timeout`,
    ],
  ]
  for (const [what, given, text] of table) {
    test(`close with END and REPORT (${what})`, () => {
      assert.equal(endLines(report(given), false, TIME), start + text)
    })
  }

  test('close with one record where the log is JSON', () => {
    const given = report({ initMs: 110.1234, status: 'error', errorType: 'Runtime.ExitError' })
    assert.deepEqual(JSON.parse(endLines(given, true, TIME)), {
      time: TIME,
      type: 'platform.report',
      record: {
        requestId: ID,
        metrics: {
          durationMs: 3.006,
          billedDurationMs: 114,
          memorySizeMB: 128,
          maxMemoryUsedMB: 36,
          initDurationMs: 110.123,
        },
        status: 'error',
        errorType: 'Runtime.ExitError',
      },
    })
    const { record } = JSON.parse(endLines(report(), true, TIME)) as { record: object }
    assert.deepEqual(Object.keys(record), ['requestId', 'metrics', 'status'])
  })
})
