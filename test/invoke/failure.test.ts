import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { toEnding } from '../../src/invoke/outcome.ts'
import type { DeathReason, InitFailure, WorkEnd } from '../../src/runtime/work.ts'

const MEASURED = { durationMs: 3, maxMemoryUsedMb: 80 }
const EXIT: DeathReason = { code: 1, signal: null, outOfMemory: false, brokeProtocol: false }
const KILLED: DeathReason = { ...EXIT, code: null, signal: 'SIGKILL' }

const died = (started: boolean, reason: DeathReason): WorkEnd => ({
  kind: 'died',
  started,
  reason,
  maxMemoryUsedMb: 80,
})
const failedInit = (failure: Partial<InitFailure>): WorkEnd => ({
  kind: 'failed_init',
  failure: { timedOut: false, reason: EXIT, ...failure },
})
const failed = (errorType: string): WorkEnd => ({
  kind: 'error',
  error: Buffer.from(JSON.stringify({ errorType, errorMessage: 'm' })),
  ...MEASURED,
})

describe('The failure of an invocation', () => {
  // The rows of docs/reference/failures.md.
  const rows: [what: string, WorkEnd, failure: string, status: string][] = [
    [
      'no process for its environment',
      failedInit({ notStarted: { why: 'spawn', message: 'm', passing: false } }),
      'platform/spawn',
      'platform_error',
    ],
    [
      'what starts functions missing',
      failedInit({ notStarted: { why: 'bootstrap', message: 'm', passing: false } }),
      'platform/bootstrap',
      'platform_error',
    ],
    [
      'an exception while it was loaded',
      failedInit({ error: Buffer.from('{"errorType":"TypeError"}') }),
      'function/init_error',
      'function_error',
    ],
    ['an exit while it was loaded', failedInit({}), 'function/init_exit', 'function_error'],
    [
      'a hang while it was loaded',
      failedInit({ timedOut: true, reason: KILLED }),
      'function/init_timeout',
      'function_error',
    ],
    [
      'no memory left while it was loaded',
      failedInit({ reason: { ...KILLED, outOfMemory: true } }),
      'function/init_oom',
      'function_error',
    ],
    [
      'a kill from outside while it was loaded',
      failedInit({ reason: KILLED }),
      'platform/env_killed',
      'platform_error',
    ],
    [
      'an environment that ended before it began',
      died(false, KILLED),
      'platform/env_exit',
      'platform_error',
    ],
    [
      'an environment that hung before it began',
      died(false, { ...KILLED, hung: 'stopped' }),
      'platform/start_timeout',
      'platform_error',
    ],
    [
      'an environment that spoke nonsense before it began',
      died(false, { ...KILLED, brokeProtocol: true }),
      'platform/protocol',
      'platform_error',
    ],
    [
      'a start mark that came while it was killed',
      died(true, { ...KILLED, hung: 'stopped' }),
      'platform/interrupted',
      'interrupted',
    ],
    ['a kill from outside', died(true, KILLED), 'platform/interrupted', 'interrupted'],
    ['an exit', died(true, EXIT), 'function/exit', 'function_error'],
    [
      'no memory left',
      died(true, { ...KILLED, outOfMemory: true }),
      'function/oom',
      'function_error',
    ],
    [
      'nonsense on our pipe',
      died(true, { ...KILLED, brokeProtocol: true }),
      'function/protocol',
      'function_error',
    ],
    ['an exception', failed('TypeError'), 'function/handler_error', 'function_error'],
    [
      'a stray rejection',
      failed('Runtime.UnhandledPromiseRejection'),
      'function/uncaught',
      'function_error',
    ],
    [
      'an answer that is too large',
      failed('Function.ResponseSizeTooLarge'),
      'function/response_too_large',
      'function_error',
    ],
    [
      'an event loop that ran empty',
      failed('Runtime.NodeJsExit'),
      'function/exit',
      'function_error',
    ],
    ['its timeout', { kind: 'timeout', ...MEASURED }, 'function/timeout', 'timeout'],
    [
      'a malformed answer',
      { kind: 'malformed', reason: 'r', ...MEASURED },
      'function/malformed',
      'malformed',
    ],
    [
      'a stream that broke off',
      { kind: 'streamed', error: Buffer.from('{}'), ...MEASURED },
      'function/stream_aborted',
      'function_error',
    ],
    [
      'no environment in time',
      { kind: 'unserved', why: 'deadline', message: 'm' },
      'platform/deadline',
      'platform_error',
    ],
  ]
  for (const [what, end, failure, status] of rows) {
    test(`names its owner and why: ${what} is ${failure}`, () => {
      const ending = toEnding(end, 'id')
      const { errorClass, reason } = ending.failure ?? {}
      assert.deepEqual([`${errorClass}/${reason}`, ending.status], [failure, status])
    })
  }

  test('is none where all went well', () => {
    const result = { kind: 'json', json: Buffer.from('1') } as const
    assert.equal(toEnding({ kind: 'result', result, ...MEASURED }, 'id').failure, undefined)
    assert.equal(toEnding({ kind: 'streamed', ...MEASURED }, 'id').failure, undefined)
  })

  test('names the signal of what was interrupted', () => {
    const terminated = died(true, { ...KILLED, signal: 'SIGTERM' })
    assert.equal(toEnding(terminated, 'id').failure?.cause, 'SIGTERM')
  })
})
