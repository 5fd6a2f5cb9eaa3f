import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import type { Received } from '../send.ts'
import { ARN, errorIn, openApi, type Api } from './calls.ts'

const path = (name = 'a'): string =>
  `/2019-09-25/functions/${encodeURIComponent(name)}/event-invoke-config`
const QUEUE = 'arn:aws:sqs:us-east-1:123456789012:q'
const NOWHERE = { OnSuccess: {}, OnFailure: {} }

async function open(t: TestContext): Promise<Api & { put(body: unknown): Promise<Received> }> {
  const api = await openApi(t)
  return { ...api, put: (body) => api.call('PUT', path(), body) }
}

function configIn({ json }: Received): unknown {
  const { LastModified, ...config } = json as Record<string, unknown>
  assert.ok(Math.abs(Number(LastModified) - Date.now() / 1000) < 60)
  return config
}

describe('An event invoke configuration', () => {
  test('is replaced by Put, merged into by Update, and shown by Get', async (t) => {
    const api = await open(t)
    const of = { FunctionArn: `${ARN}:$LATEST` }
    const first = {
      MaximumRetryAttempts: 0,
      DestinationConfig: { OnFailure: { Destination: QUEUE } },
    }
    const destinations = { OnSuccess: {}, OnFailure: { Destination: QUEUE } }
    assert.deepEqual(configIn(await api.put(first)), {
      ...of,
      ...first,
      DestinationConfig: destinations,
    })
    const second = await api.put({ MaximumEventAgeInSeconds: 60 })
    const replaced = { ...of, MaximumEventAgeInSeconds: 60, DestinationConfig: NOWHERE }
    assert.deepEqual([second.status, configIn(second)], [200, replaced])
    const merged = { ...replaced, MaximumRetryAttempts: 1 }
    const updated = await api.call('POST', path(), { MaximumRetryAttempts: 1 })
    assert.deepEqual([updated.status, configIn(updated)], [200, merged])
    assert.deepEqual(configIn(await api.call('GET', path())), merged)
    const { json } = await api.call('GET', `${path()}/list`)
    assert.equal(
      (json as { FunctionEventInvokeConfigs: unknown[] }).FunctionEventInvokeConfigs.length,
      1,
    )
    assert.equal((await api.call('DELETE', path())).status, 204)
    assert.deepEqual((await api.call('GET', `${path()}/list`)).json, {
      FunctionEventInvokeConfigs: [],
    })
  })

  test('belongs to the qualifier that it was set for', async (t) => {
    const api = await open(t)
    await api.publish()
    await api.alias({ Name: 'live', FunctionVersion: '1' })
    const live = `${path()}?Qualifier=live`
    const { json } = await api.call('PUT', live, { MaximumRetryAttempts: 0 })
    assert.equal((json as Record<string, unknown>)['FunctionArn'], `${ARN}:live`)
    assert.equal((await api.call('GET', path())).status, 404)
    assert.equal((await api.call('GET', live)).status, 200)
  })

  const missing = [
    404,
    'ResourceNotFoundException',
    `The function ${ARN}:$LATEST doesn't have an EventInvokeConfig`,
    'User',
  ]
  for (const [method, body] of [
    ['GET'],
    ['DELETE'],
    ['POST', { MaximumRetryAttempts: 1 }],
  ] as const) {
    test(`that is not there is named so (${method})`, async (t) => {
      const api = await open(t)
      assert.deepEqual(errorIn(await api.call(method, path(), body)), missing)
    })
  }

  test('of no function, of nothing, or out of bounds is refused in AWS words', async (t) => {
    const api = await open(t)
    assert.deepEqual(errorIn(await api.call('PUT', path('nobody'), { MaximumRetryAttempts: 1 })), [
      404,
      'ResourceNotFoundException',
      "The function doesn't exist.",
      'User',
    ])
    assert.deepEqual(errorIn(await api.put({})), [
      400,
      'InvalidParameterValueException',
      'You must specify at least one of error handling or destination setting.',
      'User',
    ])
    for (const [body, member] of [
      [{ MaximumRetryAttempts: 3 }, 'maximumRetryAttempts'],
      [{ MaximumEventAgeInSeconds: 59 }, 'maximumEventAgeInSeconds'],
      [
        { DestinationConfig: { OnSuccess: { Destination: 'q' } } },
        'destinationConfig.onSuccess.destination',
      ],
    ] as const) {
      const [status, code, message] = errorIn(await api.put(body))
      assert.deepEqual([status, code], [400, 'ValidationException'])
      assert.ok(String(message).includes(`at '${member}'`), String(message))
    }
    const dynamo = 'arn:aws:dynamodb:us-east-1:123456789012:table/x'
    const bad = { DestinationConfig: { OnSuccess: { Destination: dynamo } } }
    assert.match(String(errorIn(await api.put(bad))[2]), /^The destination ARN .* is invalid\.$/)
  })
})
