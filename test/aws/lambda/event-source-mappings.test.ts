import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Received } from '../send.ts'
import { ARN, errorIn, openApi, type Api } from './calls.ts'

const PATH = '/2015-03-31/event-source-mappings'
const QUEUE = 'arn:aws:sqs:us-east-1:123456789012:q'
const GIVEN = { FunctionName: 'a', EventSourceArn: QUEUE }

type Json = Record<string, unknown>

async function create(api: Api, more: object = {}): Promise<Json> {
  const { status, json } = await api.call('POST', PATH, { ...GIVEN, ...more })
  assert.equal(status, 202)
  return json as Json
}

function partOf({ json }: Received, ...keys: string[]): unknown[] {
  return keys.map((key) => (json as Json)[key])
}

describe('An event source mapping', () => {
  test('is created with the defaults of SQS, and is there at once', async (t) => {
    const api = await openApi(t)
    const { UUID, LastModified, ...made } = await create(api)
    assert.ok(Math.abs(Number(LastModified) - Date.now() / 1000) < 60)
    const members = {
      BatchSize: 10,
      MaximumBatchingWindowInSeconds: 0,
      EventSourceArn: QUEUE,
      FunctionArn: ARN,
      StateTransitionReason: 'USER_INITIATED',
      FunctionResponseTypes: [],
      EventSourceMappingArn: `arn:aws:lambda:us-east-1:123456789012:event-source-mapping:${String(UUID)}`,
    }
    assert.deepEqual(made, { ...members, State: 'Creating' })
    const { json } = await api.call('GET', `${PATH}/${String(UUID)}`)
    assert.deepEqual(json, { UUID, LastModified, ...members, State: 'Enabled' })
  })

  test('gives back what it was given', async (t) => {
    const api = await openApi(t)
    const given = {
      Enabled: false,
      BatchSize: 100,
      MaximumBatchingWindowInSeconds: 5,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      FilterCriteria: { Filters: [{ Pattern: '{"body":{"a":[1]}}' }] },
      ScalingConfig: { MaximumConcurrency: 5 },
    }
    const { UUID } = await create(api, given)
    const { Enabled: _, ...shown } = given
    const found = await api.call('GET', `${PATH}/${String(UUID)}/`)
    assert.deepEqual(partOf(found, 'State', ...Object.keys(shown)), [
      'Disabled',
      ...Object.values(shown),
    ])
    const updated = await api.call('PUT', `${PATH}/${String(UUID)}`, {
      Enabled: true,
      ScalingConfig: {},
    })
    assert.equal(updated.status, 202)
    assert.deepEqual(partOf(updated, 'State', 'BatchSize', 'ScalingConfig'), [
      'Updating',
      100,
      undefined,
    ])
    assert.deepEqual(partOf(await api.call('GET', `${PATH}/${String(UUID)}`), 'State'), ['Enabled'])
  })

  test('is listed by queue and by function, and gone once it is deleted', async (t) => {
    const api = await openApi(t)
    const { UUID } = await create(api)
    await create(api, { FunctionName: `${ARN.slice(0, -1)}b` })
    const list = async (query: string): Promise<unknown[]> => {
      const { json } = await api.call('GET', `${PATH}/?${query}`)
      return (json as { EventSourceMappings: Json[] }).EventSourceMappings.map(
        (each) => each['UUID'],
      )
    }
    assert.equal((await list('')).length, 2)
    assert.deepEqual(await list('FunctionName=a'), [UUID])
    assert.equal((await list(`EventSourceArn=${QUEUE}`)).length, 2)
    assert.deepEqual(await list('EventSourceArn=arn:aws:sqs:us-east-1:123456789012:other'), [])
    const deleted = await api.call('DELETE', `${PATH}/${String(UUID)}`)
    assert.deepEqual([deleted.status, ...partOf(deleted, 'State')], [202, 'Deleting'])
    assert.deepEqual(errorIn(await api.call('GET', `${PATH}/${String(UUID)}`)), [
      404,
      'ResourceNotFoundException',
      'The resource you requested does not exist.',
      'User',
    ])
    assert.equal((await list('')).length, 1)
  })

  test('names the version or alias that it was made for', async (t) => {
    const api = await openApi(t)
    await api.publish()
    assert.equal((await create(api, { FunctionName: 'a:1' }))['FunctionArn'], `${ARN}:1`)
  })

  test('of a queue and a function exists once', async (t) => {
    const api = await openApi(t)
    const { UUID } = await create(api)
    const again = await api.call('POST', PATH, GIVEN)
    assert.deepEqual(errorIn(again), [
      409,
      'ResourceConflictException',
      `An event source mapping with SQS arn (" ${QUEUE} ") and function (" a ") already exists. Please update or delete the existing mapping with UUID ${String(UUID)}`,
      'User',
    ])
  })

  const nonExistent =
    'Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist.'
  for (const [more, message] of [
    [{ EventSourceArn: null }, 'Unrecognized event source.'],
    [{ FunctionName: 'nobody' }, 'Function does not exist'],
    [{ FunctionName: 'a:nothing' }, 'Function does not exist'],
    [
      { BatchSize: 11 },
      'Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10',
    ],
    [{ EventSourceArn: `${QUEUE}2` }, nonExistent],
    [{ FilterCriteria: { Filters: [{ Pattern: '[]' }] } }, 'Invalid filter pattern definition.'],
  ] as const) {
    test(`is refused in AWS's words: ${JSON.stringify(more)}`, async (t) => {
      const api = await openApi(t)
      const answer = await api.call('POST', PATH, { ...GIVEN, ...more })
      assert.deepEqual(errorIn(answer), [400, 'InvalidParameterValueException', message, 'User'])
    })
  }

  for (const [more, member] of [
    [{ BatchSize: 0 }, 'batchSize'],
    [{ MaximumBatchingWindowInSeconds: 301 }, 'maximumBatchingWindowInSeconds'],
    [{ ScalingConfig: { MaximumConcurrency: 1 } }, 'scalingConfig.maximumConcurrency'],
    [{ FunctionResponseTypes: ['Other'] }, 'functionResponseTypes'],
    [{ FunctionName: null }, 'functionName'],
  ] as const) {
    test(`is refused out of bounds: ${JSON.stringify(more)}`, async (t) => {
      const api = await openApi(t)
      const answer = await api.call('POST', PATH, { ...GIVEN, ...more })
      const [status, code, message] = errorIn(answer)
      assert.deepEqual([status, code], [400, 'ValidationException'])
      assert.ok(String(message).includes(`at '${member}'`), String(message))
    })
  }
})
