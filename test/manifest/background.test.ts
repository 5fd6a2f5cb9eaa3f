import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { AsyncConfig, QueueSource } from '../../src/model/background.ts'
import { load, oneFunction, tryLoad } from './project.ts'

const ARN = 'arn:aws:sqs:us-east-1:123456789012:leads'

const RESOURCES = `
resources:
  Resources:
    Leads:
      Type: AWS::SQS::Queue
      Properties: { QueueName: leads }
    Unnamed: { Type: AWS::SQS::Queue }
    Told: { Type: AWS::SNS::Topic, Properties: { TopicName: told } }
    Bus: { Type: AWS::Events::EventBus, Properties: { Name: bus } }
    Table: { Type: AWS::DynamoDB::Table }
`

function manifest(fn: string): { 'serverless.yml': string } {
  return { 'serverless.yml': oneFunction({ fn, top: RESOURCES }) }
}

async function sourceOf(event: string): Promise<Partial<QueueSource> | undefined> {
  const app = await load(manifest(`events:\n  - ${event}`))
  const { place: _, ...source } = app.background?.queueSources[0] ?? {}
  return source
}

async function errorsOf(fn: string): Promise<readonly string[]> {
  return (await tryLoad(manifest(fn))).errors
}

async function asyncOf(fn: string): Promise<AsyncConfig | undefined> {
  return (await load(manifest(fn))).background?.asyncConfigs['s-dev-a']
}

describe('An sqs event', () => {
  const plain = {
    name: 'a/leads',
    functionName: 's-dev-a',
    queueArn: ARN,
    enabled: true,
    batchSize: 10,
    windowMs: 0,
    partialFailures: false,
    filterPatterns: [],
  }

  for (const event of [
    `sqs: ${ARN}`,
    'sqs: !GetAtt Leads.Arn',
    'sqs: { Fn::GetAtt: [Leads, Arn] }',
    `sqs: { arn: ${ARN} }`,
    'sqs: { arn: { Fn::GetAtt: [Leads, Arn] } }',
    'sqs: { arn: !Sub "arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:leads" }',
  ]) {
    test(`names its queue: ${event}`, async () => assert.deepEqual(await sourceOf(event), plain))
  }

  test('says how its messages are taken', async () => {
    const event = `sqs:
      arn: ${ARN}
      batchSize: 100
      maximumBatchingWindow: 5
      functionResponseType: ReportBatchItemFailures
      maximumConcurrency: 2
      enabled: false
      filterPatterns:
        - body: { kind: [order], n: [{ numeric: ['>', 1] }] }`
    assert.deepEqual(await sourceOf(event), {
      ...plain,
      enabled: false,
      batchSize: 100,
      windowMs: 5000,
      partialFailures: true,
      filterPatterns: ['{"body":{"kind":["order"],"n":[{"numeric":[">",1]}]}}'],
      maxConcurrency: 2,
    })
  })

  test('of a queue that exists elsewhere only is one note', async () => {
    const { app, notes } = await tryLoad(manifest('events: [{ sqs: { arn: !ImportValue X } }]'))
    assert.deepEqual(app?.background?.queueSources, [])
    assert.deepEqual(notes.length, 1)
    assert.match(notes[0] ?? '', /^serverless\.yml:8:\d+ {2}the queue of a is taken as not set: /)
  })

  test('makes a queue of one that is declared nowhere', async () => {
    const app = await load(manifest(`events: [{ sqs: ${ARN}x.fifo }]`))
    const [queue] = app.background?.queues.filter(({ name }) => name === 'leadsx.fifo') ?? []
    assert.deepEqual(queue?.attributes, { FifoQueue: 'true' })
  })

  for (const [event, message] of [
    [
      'sqs: 7',
      'expected the queue of a to be an ARN such as arn:aws:sqs:us-east-1:123456789012:name, got: 7',
    ],
    ['sqs: { batchSize: 1 }', 'expected the sqs event of a to have an arn, got: a map'],
    [
      `sqs: { arn: ${ARN}, batchSize: 0 }`,
      'expected batchSize to be a whole number from 1 to 10000, got: 0',
    ],
    [
      `sqs: { arn: ${ARN}, batchSize: 11 }`,
      'expected batchSize to be at most 10 without a maximumBatchingWindow, got: 11',
    ],
    [
      `sqs: { arn: ${ARN}.fifo, maximumBatchingWindow: 1 }`,
      'expected no batching window: FIFO queues have none, got: 1',
    ],
    [
      `sqs: { arn: ${ARN}.fifo, batchSize: 11 }`,
      'expected batchSize to be at most 10 on a FIFO queue, got: 11',
    ],
    [
      `sqs: { arn: ${ARN}, maximumConcurrency: 1 }`,
      'expected maximumConcurrency to be a whole number from 2 to 1000, got: 1',
    ],
    [
      `sqs: { arn: ${ARN}, functionResponseType: x }`,
      'expected functionResponseType to be one of ReportBatchItemFailures, got: "x"',
    ],
    [
      `sqs: { arn: ${ARN}, filterPatterns: [x] }`,
      'expected a pattern of a such as "body: { kind: [order] }", got: "x"',
    ],
  ] as const) {
    test(`${event} is an error at its place`, async () => {
      const errors = await errorsOf(`events:\n  - ${event}`)
      assert.equal(errors.length, 1)
      assert.match(errors[0] ?? '', /^serverless\.yml:9:\d+ {2}/)
      assert.ok(errors[0]?.endsWith(message), errors[0])
    })
  }

  test('stands once for a queue', async () => {
    const errors = await errorsOf(`events: [{ sqs: ${ARN} }, { sqs: { arn: ${ARN} } }]`)
    assert.match(
      errors.join(),
      /expected one sqs event for a\/leads, got another at .*serverless\.yml:8:\d+/,
    )
  })
})

describe("A function's events", () => {
  test('have what the manifest says of them', async () => {
    const fn = `maximumRetryAttempts: 0
maximumEventAge: 60
onError: !Ref Told
destinations: { onSuccess: a, onFailure: { type: sqs, arn: !GetAtt Unnamed.Arn } }`
    assert.deepEqual(await asyncOf(fn), {
      retryAttempts: 0,
      eventAgeMaxMs: 60_000,
      onSuccess: 'arn:aws:lambda:us-east-1:123456789012:function:s-dev-a',
      onFailure: 'arn:aws:sqs:us-east-1:123456789012:s-dev-Unnamed',
      deadLetter: 'arn:aws:sns:us-east-1:123456789012:told',
      delivery: 'at-least-once',
    })
  })

  test('go to a bus, or to any function', async () => {
    const other = 'arn:aws:lambda:us-east-1:123456789012:function:other'
    const fn = `destinations: { onSuccess: !GetAtt Bus.Arn, onFailure: ${other} }`
    const { onSuccess, onFailure } = (await asyncOf(fn)) ?? {}
    assert.deepEqual(
      [onSuccess, onFailure],
      ['arn:aws:events:us-east-1:123456789012:event-bus/bus', other],
    )
  })

  test('have nothing said of them, or only how often they start', async () => {
    assert.equal(await asyncOf(''), undefined)
    const app = await load({
      ...manifest(''),
      'spillway.yml': 'functions: { a: { delivery: at-most-once } }',
    })
    assert.deepEqual(app.background?.asyncConfigs['s-dev-a'], {
      retryAttempts: 2,
      eventAgeMaxMs: 21_600_000,
      delivery: 'at-most-once',
    })
  })

  for (const [fn, message] of [
    [
      'maximumRetryAttempts: 3',
      'expected maximumRetryAttempts to be a whole number from 0 to 2, got: 3',
    ],
    [
      'maximumEventAge: 59',
      'expected maximumEventAge to be a whole number of seconds from 60 to 21600, got: 59',
    ],
    [
      'destinations: { onSuccess: nobody }',
      'expected onSuccess of a to be an ARN such as arn:aws:sqs:us-east-1:123456789012:name, got: "nobody"',
    ],
    [
      'onError: leads',
      'expected onError of a to be an ARN such as arn:aws:sqs:us-east-1:123456789012:name, got: "leads"',
    ],
  ] as const) {
    test(`${fn} is an error at its place`, async () => {
      const errors = await errorsOf(fn)
      assert.equal(errors.length, 1)
      assert.match(errors[0] ?? '', /^serverless\.yml:8:\d+ {2}/)
      assert.ok(errors[0]?.endsWith(message), errors[0])
    })
  }

  test('that go to what is no destination are a note', async () => {
    const { notes } = await tryLoad(manifest('onError: !GetAtt Table.Arn'))
    assert.match(notes.join(), /onError of a is taken as not set: Table\.Arn exists only on AWS/)
  })
})

test('queues: aws is said in spillway.yml, and nothing else', async () => {
  const app = await load({ ...manifest(''), 'spillway.yml': 'queues: aws' })
  assert.equal(app.queues, 'aws')
  assert.equal((await load(manifest(''))).queues, undefined)
  const { errors } = await tryLoad({ ...manifest(''), 'spillway.yml': 'queues: sqs' })
  assert.match(
    errors.join(),
    /spillway\.yml:1:9 {2}expected queues to be one of embedded, aws, got: "sqs"/,
  )
})
