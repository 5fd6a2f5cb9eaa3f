import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Fire } from '../../src/bus/fire.ts'
import { createNotifications, type Notifications } from '../../src/bus/notifications.ts'
import type { Background } from '../../src/model/app.ts'
import type { BucketNotification, EventRule, Subscription } from '../../src/model/background.ts'
import type { NewMessage } from '../../src/queue/queue.ts'
import { appOf } from '../aws/serve.ts'

const PLACE = { file: 'serverless.yml', line: 1, column: 1 }
const NOW = Date.parse('2026-03-06T18:00:00.123Z')

/** What functions and queues were given. */
interface Told {
  readonly notifications: Notifications
  readonly fired: { readonly functionName: string; readonly event: unknown }[]
  readonly sent: { readonly queue: string; readonly message: NewMessage }[]
}

function notifying(background: Partial<Background>, fire: Fire = async () => {}): Told {
  const fired: { functionName: string; event: unknown }[] = []
  const sent: { queue: string; message: NewMessage }[] = []
  const notifications = createNotifications({
    clock: { wallMs: () => NOW },
    fire: async (functionName, json, cause) => {
      assert.equal(cause, 'notification')
      await fire(functionName, json, cause)
      fired.push({ functionName, event: JSON.parse(json) })
    },
    queues: {
      async send(queue, messages) {
        sent.push(...messages.map((message) => ({ queue, message })))
        return []
      },
    },
  })
  notifications.configure({
    ...appOf([]),
    background: {
      queues: [],
      queueSources: [],
      schedules: [],
      rules: [],
      subscriptions: [],
      bucketNotifications: [],
      asyncConfigs: {},
      ...background,
    },
  })
  return { notifications, fired, sent }
}

interface SnsRecord {
  readonly EventSubscriptionArn: string
  readonly Sns: Readonly<Record<string, unknown>>
}

/** The only record of the first event that a function was given. */
function firstRecord([first]: Told['fired']): unknown {
  const { Records: records } = (first?.event ?? {}) as { readonly Records?: readonly unknown[] }
  assert.equal(records?.length, 1)
  return records[0]
}

const ruleOf = (given: Partial<EventRule>): EventRule => ({
  name: 'r',
  bus: 'default',
  pattern: '{"source":["shop"]}',
  functionName: 'f',
  enabled: true,
  place: PLACE,
  ...given,
})

const EVENT = {
  bus: 'default',
  source: 'shop',
  detailType: 'Order',
  resources: [],
  detail: { n: 1 },
  time: '2026-03-06T18:00:00Z',
}

describe('An event', () => {
  test('goes to every rule of its bus that matches and is enabled', async () => {
    const { notifications, fired } = notifying({
      rules: [
        ruleOf({ functionName: 'one' }),
        ruleOf({ functionName: 'two', inputPath: '$.detail' }),
        ruleOf({ functionName: 'off', enabled: false }),
        ruleOf({ functionName: 'elsewhere', bus: 'orders' }),
        ruleOf({ functionName: 'other', pattern: '{"source":["bank"]}' }),
      ],
    })
    const id = await notifications.putEvent(EVENT)
    assert.match(id, /^[\da-f-]{36}$/)
    assert.deepEqual(fired, [
      {
        functionName: 'one',
        event: {
          version: '0',
          id,
          'detail-type': 'Order',
          source: 'shop',
          account: '123456789012',
          time: '2026-03-06T18:00:00Z',
          region: 'us-east-1',
          resources: [],
          detail: { n: 1 },
        },
      },
      { functionName: 'two', event: { n: 1 } },
    ])
  })

  test('names the rule of another bus with its bus', async () => {
    const inputTransformer = { inputPathsMap: {}, inputTemplate: '"<aws.events.rule-arn>"' }
    const { notifications, fired } = notifying({
      rules: [ruleOf({ bus: 'orders', inputTransformer })],
    })
    await notifications.putEvent({ ...EVENT, bus: 'orders' })
    assert.deepEqual(fired[0]?.event, 'arn:aws:events:us-east-1:123456789012:rule/orders/r')
  })

  test('is not accepted where a function cannot be had', async () => {
    const fire = async (): Promise<void> => {
      throw new Error('the disk is full')
    }
    const { notifications } = notifying({ rules: [ruleOf({})] }, fire)
    await assert.rejects(notifications.putEvent(EVENT), /the disk is full/)
  })

  test('is nobody’s where no App is served yet', async () => {
    const fire: Fire = async () => assert.fail('nobody is there')
    const notifications = createNotifications({ clock: { wallMs: () => NOW }, fire })
    await notifications.putEvent(EVENT)
    assert.equal(notifications.topics.has('t'), false)
  })
})

const subscriptionOf = (given: Partial<Subscription> = {}): Subscription => ({
  topic: 't',
  target: { functionName: 'f' },
  filterScope: 'MessageAttributes',
  rawDelivery: false,
  place: PLACE,
  ...given,
})

const QUEUE_ARN = 'arn:aws:sqs:us-east-1:123456789012:q'

describe('A message to a topic', () => {
  const attributes = {
    k: { dataType: 'String', value: 'v' },
    b: { dataType: 'Binary', value: Buffer.from([2, 3, 4]) },
  }
  const publication = { topic: 't', message: 'hello', subject: 'subj', attributes }

  test('is the event of a subscribed function', async () => {
    const { notifications, fired } = notifying({ subscriptions: [subscriptionOf()] })
    const { messageId, sequenceNumber } = await notifications.publish(publication)
    assert.equal(sequenceNumber, undefined)
    const { Sns: record, EventSubscriptionArn } = firstRecord(fired) as SnsRecord
    const { Signature, SigningCertUrl, UnsubscribeUrl, ...sns } = record
    assert.deepEqual(sns, {
      Type: 'Notification',
      MessageId: messageId,
      TopicArn: 'arn:aws:sns:us-east-1:123456789012:t',
      Subject: 'subj',
      Message: 'hello',
      Timestamp: '2026-03-06T18:00:00.123Z',
      SignatureVersion: '1',
      MessageAttributes: {
        k: { Type: 'String', Value: 'v' },
        b: { Type: 'Binary', Value: 'AgME' },
      },
    })
    assert.equal(typeof Signature, 'string')
    assert.match(String(SigningCertUrl), /^https:\/\/sns\.us-east-1\.amazonaws\.com\//)
    const arn = EventSubscriptionArn
    assert.match(
      arn,
      /^arn:aws:sns:us-east-1:123456789012:t:[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/,
    )
    assert.ok(String(UnsubscribeUrl).endsWith(`SubscriptionArn=${arn}`))
  })

  test('has a subject of null and no attributes where it has none', async () => {
    const { notifications, fired } = notifying({ subscriptions: [subscriptionOf()] })
    await notifications.publish({ topic: 't', message: 'hello', attributes: {} })
    const record = firstRecord(fired) as SnsRecord
    assert.equal(record.Sns['Subject'], null)
    assert.deepEqual(record.Sns['MessageAttributes'], {})
  })

  test('is the body of a message in a subscribed queue, or raw that message', async () => {
    const { notifications, sent } = notifying({
      subscriptions: [
        subscriptionOf({ target: { queueArn: QUEUE_ARN } }),
        subscriptionOf({ target: { queueArn: `${QUEUE_ARN}2` }, rawDelivery: true }),
      ],
    })
    await notifications.publish({ ...publication, groupId: 'g' })
    assert.equal(sent[0]?.queue, 'q')
    const body = JSON.parse(sent[0]?.message.body ?? '') as Record<string, unknown>
    assert.deepEqual(Object.keys(body), [
      'Type',
      'MessageId',
      'TopicArn',
      'Subject',
      'Message',
      'Timestamp',
      'SignatureVersion',
      'Signature',
      'SigningCertURL',
      'UnsubscribeURL',
      'MessageAttributes',
    ])
    assert.equal(sent[0]?.message.attributes, undefined)
    assert.deepEqual(sent[1], { queue: 'q2', message: { body: 'hello', attributes, groupId: 'g' } })
  })

  test('goes where the filter policy lets it', async () => {
    const { notifications, fired } = notifying({
      subscriptions: [
        subscriptionOf({ target: { functionName: 'v' }, filterPolicy: '{"k":["v"]}' }),
        subscriptionOf({ target: { functionName: 'w' }, filterPolicy: '{"k":["w"]}' }),
        subscriptionOf({ topic: 'other', target: { functionName: 'o' } }),
      ],
    })
    await notifications.publish(publication)
    assert.deepEqual(
      fired.map(({ functionName }) => functionName),
      ['v'],
    )
  })

  test('is for each protocol what it says for it', async () => {
    const { notifications, fired, sent } = notifying({
      subscriptions: [
        subscriptionOf(),
        subscriptionOf({ target: { queueArn: QUEUE_ARN }, rawDelivery: true }),
      ],
    })
    await notifications.publish({ topic: 't', message: { default: 'd', sqs: 's' }, attributes: {} })
    const record = firstRecord(fired) as SnsRecord
    assert.equal(record.Sns['Message'], 'd')
    assert.equal(sent[0]?.message.body, 's')
  })

  test('of a FIFO topic is numbered, and keeps its group and its deduplication in FIFO queues', async () => {
    const { notifications, sent } = notifying({
      topics: [{ name: 't.fifo', contentBasedDeduplication: true, place: PLACE }],
      subscriptions: [
        subscriptionOf({ topic: 't.fifo', target: { queueArn: `${QUEUE_ARN}.fifo` } }),
        subscriptionOf({ topic: 't.fifo', target: { queueArn: QUEUE_ARN } }),
      ],
    })
    const about = {
      topic: 't.fifo',
      message: 'm',
      attributes: {},
      groupId: 'g',
      deduplicationId: 'd',
    }
    const first = await notifications.publish(about)
    const second = await notifications.publish(about)
    assert.match(first.sequenceNumber ?? '', /^\d{20}$/)
    assert.ok((second.sequenceNumber ?? '') > (first.sequenceNumber ?? ''))
    const [fifo, standard] = sent
    assert.deepEqual([fifo?.message.groupId, fifo?.message.deduplicationId], ['g', 'd'])
    assert.deepEqual(
      [standard?.message.groupId, standard?.message.deduplicationId],
      ['g', undefined],
    )
    assert.match(fifo?.message.body ?? '', /"SequenceNumber"/)
    assert.doesNotMatch(fifo?.message.body ?? '', /Signature/)
    assert.equal(notifications.topics.isContentDeduplicated('t.fifo'), true)
  })

  test('is not accepted where its queue cannot be had', async () => {
    const background = { subscriptions: [subscriptionOf({ target: { queueArn: QUEUE_ARN } })] }
    const notifications = createNotifications({
      clock: { wallMs: () => NOW },
      fire: async () => {},
    })
    notifications.configure({
      ...appOf([]),
      background: {
        queues: [],
        queueSources: [],
        schedules: [],
        rules: [],
        bucketNotifications: [],
        asyncConfigs: {},
        ...background,
      },
    })
    await assert.rejects(notifications.publish(publication), /there is no queue q/)
  })

  test('may be published to topics that are declared or subscribed to', () => {
    const { topics } = notifying({
      topics: [{ name: 'declared', contentBasedDeduplication: false, place: PLACE }],
      subscriptions: [subscriptionOf({ topic: 'subscribed' })],
    }).notifications
    assert.deepEqual(
      ['declared', 'subscribed', 'neither'].map((name) => topics.has(name)),
      [true, true, false],
    )
  })
})

const bucketOf = (given: Partial<BucketNotification>): BucketNotification => ({
  bucket: 'photos',
  functionName: 'f',
  events: ['s3:ObjectCreated:*'],
  prefix: '',
  suffix: '',
  place: PLACE,
  ...given,
})

describe('What happens to an object', () => {
  const happened = {
    name: 'ObjectCreated:Put',
    timeMs: NOW,
    bucket: 'photos',
    key: 'in/my file+ü (1).jpg',
    size: 3,
    eTag: 'e',
    sequencer: '0055',
    configurationId: 'c',
    principalId: 'p',
    sourceIp: '127.0.0.1',
    requestId: 'r',
    hostId: 'h',
  }

  for (const [what, given, isTold] of [
    ['its bucket', {}, true],
    ['another bucket', { bucket: 'other' }, false],
    ['exactly this', { events: ['s3:ObjectRemoved:Delete', 's3:ObjectCreated:Put'] }, true],
    ['another kind', { events: ['s3:ObjectRemoved:*'] }, false],
    ['another of its kind', { events: ['s3:ObjectCreated:Copy'] }, false],
    ['its prefix and suffix', { prefix: 'in/my file+', suffix: '.jpg' }, true],
    ['another prefix', { prefix: 'in/my+file' }, false],
    ['another suffix', { suffix: '.png' }, false],
  ] as const) {
    test(`is ${isTold ? '' : 'not '}told to who wants to know of ${what}`, async () => {
      const { notifications, fired } = notifying({ bucketNotifications: [bucketOf(given)] })
      await notifications.objectEvent(happened)
      assert.equal(fired.length, isTold ? 1 : 0)
    })
  }

  test('is told with its key encoded as a form is', async () => {
    const { notifications, fired } = notifying({ bucketNotifications: [bucketOf({})] })
    await notifications.objectEvent(happened)
    const record = firstRecord(fired) as { readonly s3: { readonly object: unknown } }
    assert.deepEqual(record.s3.object, {
      key: 'in/my+file%2B%C3%BC+%281%29.jpg',
      size: 3,
      eTag: 'e',
      sequencer: '0055',
    })
  })
})
