import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import type { LimitsConfig } from '../../../src/model/limits.ts'
import { appOf, okOutcome, serveAws, type Served } from '../serve.ts'
import type { Received } from '../send.ts'

const ARN = 'arn:aws:lambda:us-east-1:123456789012:function:a'

function put(served: Served, name: string, body: unknown): Promise<Received> {
  const path = `/2017-10-31/functions/${encodeURIComponent(name)}/concurrency`
  return served.send(path, { method: 'PUT', body: JSON.stringify(body) })
}

async function serve(t: TestContext, limits: Partial<LimitsConfig> = {}): Promise<Served> {
  return await serveAws(t, appOf([{ name: 'a' }, { name: 'b' }], limits), () => okOutcome('1'))
}

const reserved = (count: number): unknown => ({ ReservedConcurrentExecutions: count })

describe('Reserved concurrency', () => {
  test('can be put, seen in three places, and taken away', async (t) => {
    const served = await serve(t)
    const get = async (): Promise<unknown> =>
      (await served.send('/2019-09-30/functions/a/concurrency')).json
    const unreserved = async (): Promise<unknown> => {
      const { json } = await served.send('/2016-08-19/account-settings')
      return (json as { AccountLimit: Record<string, number> }).AccountLimit[
        'UnreservedConcurrentExecutions'
      ]
    }
    assert.deepEqual(await get(), {})
    assert.deepEqual((await put(served, 'a', reserved(5))).json, reserved(5))
    assert.deepEqual(await get(), reserved(5))
    const { json } = await served.send('/2015-03-31/functions/a')
    assert.deepEqual((json as { Concurrency: unknown }).Concurrency, reserved(5))
    assert.equal(await unreserved(), 995)
    const gone = await served.send('/2017-10-31/functions/a/concurrency', { method: 'DELETE' })
    assert.equal(gone.status, 204)
    assert.deepEqual(await get(), {})
    assert.equal(await unreserved(), 1000)
  })

  test('may be 0, which switches a function off', async (t) => {
    const served = await serve(t)
    assert.deepEqual((await put(served, 'a', reserved(0))).json, reserved(0))
  })

  test('leaves AWS’s hundred to the others, counting a function’s old reservation once', async (t) => {
    const served = await serve(t)
    const { status, headers, text } = await put(served, 'a', reserved(901))
    assert.equal(status, 400)
    assert.equal(headers['x-amzn-errortype'], 'InvalidParameterValueException')
    assert.equal(
      text,
      `{"message":"Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100]."}`,
    )
    assert.equal((await put(served, 'a', reserved(900))).status, 200)
    assert.equal((await put(served, 'a', reserved(899))).status, 200)
    assert.equal((await put(served, 'b', reserved(2))).status, 400)
    assert.equal((await put(served, 'b', reserved(1))).status, 200)
  })

  test('leaves a tenth where the account is smaller than AWS’s', async (t) => {
    const served = await serve(t, { account: { maxConcurrency: 20 } })
    assert.match((await put(served, 'a', reserved(19))).text, /below its minimum value of \[2\]\./)
    assert.equal((await put(served, 'a', reserved(18))).status, 200)
  })

  test('is refused with our own sentence where another limit stands against it', async (t) => {
    const functions = { a: { group: 'etl' }, b: { group: 'etl' } }
    const served = await serve(t, { groups: { etl: { maxConcurrency: 10 } }, functions })
    const { status, json } = await put(served, 'a', reserved(11))
    assert.equal(status, 400)
    assert.match((json as { message: string }).message, /^group etl: /)
  })

  test('is a function’s, not a version’s, and the function must be there', async (t) => {
    const served = await serve(t)
    for (const name of [`${ARN}:1`, 'a:$LATEST', 'nope:live']) {
      const { status, json } = await put(served, name, reserved(1))
      assert.equal(status, 400, name)
      assert.deepEqual(json, {
        Type: 'User',
        message:
          'This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.',
      })
    }
    const { status, json } = await put(served, 'nope', reserved(1))
    assert.equal(status, 404)
    assert.deepEqual(json, {
      Type: 'User',
      Message: 'Function not found: arn:aws:lambda:us-east-1:123456789012:function:nope:$LATEST',
    })
  })

  test('must be a whole number of at least 0', async (t) => {
    const served = await serve(t)
    for (const [body, code] of [
      [{}, 'ValidationException'],
      [[], 'ValidationException'],
      [{ ReservedConcurrentExecutions: null }, 'ValidationException'],
      [reserved(-1), 'ValidationException'],
      [reserved(1.5), 'InvalidRequestContentException'],
      [{ ReservedConcurrentExecutions: '5' }, 'InvalidRequestContentException'],
    ] as const) {
      const { status, headers } = await put(served, 'a', body)
      assert.equal(status, 400, JSON.stringify(body))
      assert.equal(headers['x-amzn-errortype'], code, JSON.stringify(body))
    }
    const path = '/2017-10-31/functions/a/concurrency'
    const broken = await served.send(path, { method: 'PUT', body: '{' })
    assert.equal(broken.headers['x-amzn-errortype'], 'InvalidRequestContentException')
  })
})

describe('GetAccountSettings', () => {
  test('has AWS’s exact keys', async (t) => {
    const served = await serve(t, { account: { maxConcurrency: 40 } })
    const { json } = await served.send('/2016-08-19/account-settings')
    assert.deepEqual(json, {
      AccountLimit: {
        TotalCodeSize: 80_530_636_800,
        CodeSizeUnzipped: 262_144_000,
        CodeSizeZipped: 52_428_800,
        ConcurrentExecutions: 40,
        UnreservedConcurrentExecutions: 40,
      },
      AccountUsage: { TotalCodeSize: 0, FunctionCount: 2 },
    })
  })
})
