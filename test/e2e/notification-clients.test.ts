import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createSpillway, loadApp, type Spillway } from '../../src/index.ts'
import { createLog } from '../../src/lib/log.ts'
import { loadCases } from '../conformance/cases.ts'
import { boto3Missing, withBoto3 } from '../support/boto3.ts'
import { makeFolder } from '../support/service.ts'

/** A service as its users write it. */
const FILES = {
  'serverless.yml': `
service: shop
provider: { name: aws, runtime: nodejs24.x }
functions:
  ordered:
    handler: told.handler
    events:
      - eventBridge: { pattern: { source: [shop], detail: { total: [{ numeric: ['>', 100] }] } } }
  shipped:
    handler: told.handler
    events:
      - sns: { arn: !Ref Shipments, filterPolicy: { carrier: [{ prefix: 'UP' }] } }
resources:
  Resources:
    Shipments: { Type: AWS::SNS::Topic, Properties: { TopicName: shipments } }
    Moves: { Type: AWS::SNS::Topic, Properties: { TopicName: moves.fifo, ContentBasedDeduplication: true } }
`,
  'told.mjs': `
export const handler = async (event, { functionName }) => {
  console.log(\`told \${JSON.stringify({ functionName, event })}\`)
}
`,
}

interface Told {
  readonly functionName: string
  readonly event: Readonly<Record<string, unknown>>
}

/** What functions say they were told, in order; whoever waits gets the next. */
class Ear {
  readonly #heard: Told[] = []
  readonly #waiting: ((told: Told) => void)[] = []

  hear(line: string): void {
    const [, json] = /\btold (\{.*\})/.exec(line) ?? []
    if (json === undefined) return
    const told = JSON.parse(json) as Told
    const waiting = this.#waiting.shift()
    if (waiting === undefined) this.#heard.push(told)
    else waiting(told)
  }

  async next(): Promise<Told> {
    const heard = this.#heard.shift()
    return heard ?? (await new Promise((resolve) => this.#waiting.push(resolve)))
  }
}

const skip = await boto3Missing()
const ear = new Ear()
let spillway: Spillway

const python = async (lines: string): Promise<unknown[]> =>
  await withBoto3(spillway.urls.aws ?? '', lines)

before(async () => {
  spillway = await createSpillway({
    app: await loadApp({ paths: [makeFolder(FILES)], env: {} }),
    mode: 'dev',
    listen: { aws: {} },
    log: createLog('error'),
    onLog: ({ text }) => ear.hear(text),
  })
})

after(async () => await spillway.close())

describe('boto3', { skip, timeout: 120_000 }, () => {
  test('puts events, and learns which failed', async () => {
    const [answer] = await python(`
entry = {'Source': 'shop', 'DetailType': 'Order', 'Detail': json.dumps({'total': 120})}
emit(client('events').put_events(Entries=[
    {**entry, 'Detail': json.dumps({'total': 99})}, entry, {**entry, 'Detail': '[]'}]))`)
    const { FailedEntryCount, Entries } = answer as {
      FailedEntryCount: number
      Entries: { EventId?: string; ErrorCode?: string }[]
    }
    assert.equal(FailedEntryCount, 1)
    assert.equal(Entries[2]?.ErrorCode, 'MalformedDetail')
    const { functionName, event } = await ear.next()
    assert.equal(functionName, 'shop-dev-ordered')
    assert.equal(event['id'], Entries[1]?.EventId)
    assert.deepEqual(event['detail'], { total: 120 })
  })

  test('publishes messages, alone and in batches', async () => {
    const answers = await python(`
sns = client('sns')
topic = 'arn:aws:sns:us-east-1:123456789012:shipments'
carrier = {'carrier': {'DataType': 'String', 'StringValue': 'UPS'}, 'raw': {'DataType': 'Binary', 'BinaryValue': b'\\x02\\x03'}}
emit(sns.publish(TopicArn=topic, Message='kept out', MessageAttributes={'carrier': {'DataType': 'String', 'StringValue': 'DHL'}})['MessageId'])
emit(sns.publish(TopicArn=topic, Message='one & only', Subject='s', MessageAttributes=carrier)['MessageId'])
batch = sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=[
    {'Id': 'a', 'Message': 'two', 'MessageAttributes': carrier},
    {'Id': 'b', 'Message': 'kept out'}])
emit({key: batch[key] for key in ('Successful', 'Failed')})
emit(sns.publish(TopicArn='arn:aws:sns:us-east-1:123456789012:moves.fifo', Message='m', MessageGroupId='g')['SequenceNumber'])`)
    const [, id, batch, sequence] = answers as [
      string,
      string,
      { Successful: { Id: string }[]; Failed: unknown[] },
      string,
    ]
    const first = recordOf(await ear.next())
    assert.equal(first['MessageId'], id)
    assert.equal(first['Message'], 'one & only')
    assert.deepEqual(first['MessageAttributes'], {
      carrier: { Type: 'String', Value: 'UPS' },
      raw: { Type: 'Binary', Value: 'AgM=' },
    })
    assert.equal(recordOf(await ear.next())['Message'], 'two')
    assert.deepEqual(
      batch.Successful.map(({ Id }) => Id),
      ['a', 'b'],
    )
    assert.deepEqual(batch.Failed, [])
    assert.match(sequence, /^\d{20}$/)
  })

  test('reads refusals as those of AWS', async () => {
    const answers = await python(`
sns, events = client('sns'), client('events')
refused(sns.publish, TopicArn='arn:aws:sns:us-east-1:123456789012:nope', Message='m')
refused(sns.publish, TopicArn='arn:aws:sns:us-east-1:123456789012:shipments', Message='m', Subject='')
refused(sns.publish, TopicArn='arn:aws:sns:us-east-1:123456789012:moves.fifo', Message='m')
refused(sns.subscribe, TopicArn='arn:aws:sns:us-east-1:123456789012:shipments', Protocol='email')
refused(events.put_events, Entries=[{'Source': 's'}] * 11)
refused(events.put_rule, Name='r', ScheduleExpression='rate(1 day)')
refused(events.test_event_pattern, EventPattern='{"a": []}', Event='{}')`)
    assert.deepEqual(
      (answers as { type: string; code: string; status: number }[]).map(
        ({ type, code, status }) => `${type} ${code} ${status}`,
      ),
      [
        'NotFoundException NotFound 404',
        'InvalidParameterException InvalidParameter 400',
        'InvalidParameterException InvalidParameter 400',
        'ClientError InvalidAction 400',
        'ClientError ValidationException 400',
        'ClientError UnknownOperationException 400',
        'InvalidEventPatternException InvalidEventPatternException 400',
      ],
    )
    const [, , , subscribe, , putRule] = answers as { message: string }[]
    assert.match(subscribe?.message ?? '', /subscriptions come from the manifest/)
    assert.match(putRule?.message ?? '', /rules, topics and subscriptions come from the manifest/)
  })

  test('finds every case of event-filter as it is on AWS', async () => {
    const cases = loadCases(join(import.meta.dirname, '../conformance'), ['event-filter'])
    const asked = cases.map(({ input }) => ({ pattern: input.pattern, event: input.event ?? {} }))
    const answers = await python(`
events = client('events')
base = {'id': '1', 'account': '123456789012', 'source': 'case', 'time': '2026-03-06T18:00:00Z', 'region': 'us-east-1', 'detail-type': 'case'}
for asked in json.loads(${JSON.stringify(JSON.stringify(asked))}):
    try:
        emit({'match': events.test_event_pattern(EventPattern=json.dumps(asked['pattern']), Event=json.dumps({**base, **asked['event']}))['Result']})
    except ClientError as error:
        emit({'error': {'code': error.response['Error']['Code'], 'message': error.response['Error']['Message']}})`)
    assert.deepEqual(
      answers,
      cases.map(({ expected }) => expected as unknown),
    )
  })
})

function recordOf({ functionName, event }: Told): Readonly<Record<string, unknown>> {
  assert.equal(functionName, 'shop-dev-shipped')
  const [record] = event['Records'] as { Sns: Readonly<Record<string, unknown>> }[]
  return record?.Sns ?? {}
}
