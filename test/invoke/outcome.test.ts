import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { toEnding } from '../../src/invoke/outcome.ts'
import type { DeathReason, WorkEnd } from '../../src/runtime/work.ts'

const ID = '182f9086-3f1e-4b0c-9f6e-2a57b2c0a111'
const MEASURED = { durationMs: 3, maxMemoryUsedMb: 80 }

const died = (reason: Partial<DeathReason>, started = true): WorkEnd => ({
  kind: 'died',
  started,
  reason: { code: null, signal: null, outOfMemory: false, brokeProtocol: false, ...reason },
  maxMemoryUsedMb: 80,
})

const failedInit = (more: { error?: Uint8Array; timedOut?: boolean; code?: number }): WorkEnd => {
  const { error, timedOut = false, code = null } = more
  const signal = timedOut ? ('SIGKILL' as const) : null
  const reason = { code, signal, outOfMemory: false, brokeProtocol: false }
  return {
    kind: 'failed_init',
    failure: { timedOut, reason, ...(error === undefined ? {} : { error }) },
  }
}

/** Status, errorType and errorMessage; the JSON must say the same. */
function told(end: WorkEnd): string[] {
  const ending = toEnding(end, ID)
  assert.ok('error' in ending, ending.status)
  const { errorType, errorMessage, json } = ending.error
  assert.deepEqual(JSON.parse(Buffer.from(json).toString()), { errorType, errorMessage })
  return [ending.status, errorType, errorMessage]
}

describe('The ending of an invocation', () => {
  const table: [what: string, WorkEnd, status: string, errorType: string, error: string][] = [
    [
      'ran too long',
      { kind: 'timeout', ...MEASURED, durationMs: 3000 },
      'timeout',
      'Sandbox.Timedout',
      'Task timed out after 3.00 seconds',
    ],
    [
      'exited with 0',
      died({ code: 0 }),
      'function_error',
      'Runtime.ExitError',
      'Runtime exited without providing a reason',
    ],
    [
      'exited with a code',
      died({ code: 106 }),
      'function_error',
      'Runtime.ExitError',
      'Runtime exited with error: exit status 106',
    ],
    [
      'crashed',
      died({ signal: 'SIGSEGV' }),
      'function_error',
      'Runtime.ExitError',
      'Runtime exited with error: signal: segmentation fault',
    ],
    [
      'ended by a signal without a name in Go',
      died({ signal: 'SIGUSR2' }),
      'function_error',
      'Runtime.ExitError',
      'Runtime exited with error: signal: SIGUSR2',
    ],
    [
      'was killed from outside',
      died({ signal: 'SIGKILL' }),
      'interrupted',
      'Runtime.ExitError',
      'Runtime exited with error: signal: killed',
    ],
    [
      'was asked to end from outside',
      died({ signal: 'SIGTERM' }),
      'interrupted',
      'Runtime.ExitError',
      'Runtime exited with error: signal: terminated',
    ],
    [
      'ran out of its own memory',
      died({ signal: 'SIGABRT', outOfMemory: true }),
      'function_error',
      'Runtime.OutOfMemory',
      'Runtime exited with error: signal: aborted',
    ],
    [
      'was killed after it ran out of memory',
      died({ signal: 'SIGKILL', outOfMemory: true }),
      'function_error',
      'Runtime.OutOfMemory',
      'Runtime exited with error: signal: killed',
    ],
    [
      'exited while it was loaded',
      failedInit({ code: 3 }),
      'function_error',
      'Runtime.ExitError',
      'Runtime exited with error: exit status 3',
    ],
    [
      'hung while it was loaded',
      failedInit({ timedOut: true }),
      'function_error',
      'Sandbox.Timedout',
      'Task timed out after 10.00 seconds',
    ],
  ]
  for (const [what, end, status, errorType, error] of table) {
    test(`is told in Lambda's words: one that ${what}`, () => {
      assert.deepEqual(told(end), [status, errorType, `RequestId: ${ID} Error: ${error}`])
    })
  }

  test("keeps a handler's own error byte for byte", () => {
    const json = Buffer.from('{"trace":[],  "errorMessage":"no such lead","errorType":"TypeError"}')
    for (const end of [
      { kind: 'error', error: json, ...MEASURED } as const,
      failedInit({ error: json }),
    ]) {
      assert.deepEqual(toEnding(end, ID), {
        status: 'function_error',
        error: { errorType: 'TypeError', errorMessage: 'no such lead', json },
        failure: {
          errorClass: 'function',
          reason: end.kind === 'error' ? 'handler_error' : 'init_error',
        },
      })
    }
  })

  test('is a result, or why there is none', () => {
    const result = { kind: 'json', json: Buffer.from('1') } as const
    assert.deepEqual(toEnding({ kind: 'result', result, ...MEASURED }, ID), {
      status: 'ok',
      result,
    })
    assert.deepEqual(toEnding({ kind: 'malformed', reason: 'no status', ...MEASURED }, ID), {
      status: 'malformed',
      reason: 'no status',
      failure: { errorClass: 'function', reason: 'malformed' },
    })
    assert.deepEqual(toEnding({ kind: 'unserved', why: 'not_served', message: 'not served' }, ID), {
      status: 'platform_error',
      message: 'not served',
      failure: { errorClass: 'platform', reason: 'not_served' },
    })
  })

  test('is ours where the handler provably did not begin', () => {
    assert.deepEqual(toEnding(died({ signal: 'SIGKILL' }, false), ID), {
      status: 'platform_error',
      message:
        'the execution environment ended before the handler began (Runtime exited with error: signal: killed)',
      failure: { errorClass: 'platform', reason: 'env_exit' },
    })
  })
})
