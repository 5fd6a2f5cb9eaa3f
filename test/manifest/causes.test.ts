import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Background } from '../../src/model/app.ts'
import { causeProblems } from '../../src/sources/causes.ts'
import { SCHEDULE, SUBSCRIPTION, withoutPlaces } from './background.ts'
import { load, oneFunction, tryLoad } from './project.ts'

/** What the events of one function `a` come to, without their places. */
async function causesOf(events: string, top?: string): Promise<Partial<Background>> {
  const manifest = oneFunction({ fn: `events:\n${events}`, ...(top === undefined ? {} : { top }) })
  const { background } = await load({ 'serverless.yml': manifest })
  return withoutPlaces(background)
}

describe('A schedule event', () => {
  for (const [event, expected] of [
    ['schedule: rate(5 minutes)', {}],
    ['schedule: { rate: rate(5 minutes) }', {}],
    ['schedule: { rate: [rate(5 minutes)], enabled: false }', { enabled: false }],
    [
      'schedule: { rate: "cron(0 12 * * ? *)", name: noon }',
      { expression: 'cron(0 12 * * ? *)', name: 'noon' },
    ],
    [
      'schedule: { rate: rate(5 minutes), input: { k: [1, "${self:service}"] } }',
      { input: '{"k":[1,"s"]}' },
    ],
    ['schedule: { rate: rate(5 minutes), input: \'{"k":1}\' }', { input: '{"k":1}' }],
    [
      'schedule: { rate: rate(5 minutes), input: { body: \'{"k":1}\' } }',
      { input: '{"body":{"k":1}}' },
    ],
    ['schedule: { rate: rate(5 minutes), inputPath: $.detail }', { inputPath: '$.detail' }],
    [
      'schedule: { rate: rate(5 minutes), inputTransformer: { inputPathsMap: { t: $.time }, inputTemplate: \'{"t":<t>}\' } }',
      { inputTransformer: { inputPathsMap: { t: '$.time' }, inputTemplate: '{"t":<t>}' } },
    ],
    [
      'schedule: { rate: rate(5 minutes), method: scheduler, timezone: Europe/Berlin }',
      { kind: 'scheduler', timeZone: 'Europe/Berlin' },
    ],
  ] as const) {
    test(event, async () => {
      assert.deepEqual(await causesOf(`- ${event}`), { schedules: [{ ...SCHEDULE, ...expected }] })
    })
  }

  test('with several rates is several schedules, numbered with those of other events', async () => {
    const { schedules } = await causesOf(
      '- schedule: { rate: [rate(1 hour), rate(2 hours)] }\n- schedule: rate(3 hours)',
    )
    assert.deepEqual(
      schedules?.map(({ name, expression }) => [name, expression]),
      [
        ['s-dev-a-schedule-1', 'rate(1 hour)'],
        ['s-dev-a-schedule-2', 'rate(2 hours)'],
        ['s-dev-a-schedule-3', 'rate(3 hours)'],
      ],
    )
  })

  for (const [event, message] of [
    ['schedule: {}', '9:7  expected the schedule event to have a rate, got: nothing'],
    [
      'schedule: { rate: [rate(1 day), rate(2 days)], name: n }',
      '9:7  two schedules of s-dev-a are named n: here, and at serverless.yml:9:7',
    ],
    [
      'schedule: { rate: rate(1 day), timezone: Europe/Berlin }',
      '9:38  "timezone" of a schedule only works with "method: scheduler"',
    ],
    [
      'schedule: { rate: rate(1 day), method: scheduler, inputPath: $.x }',
      '9:57  "inputPath" of a schedule does not work with "method: scheduler"',
    ],
    [
      'schedule: { rate: rate(1 day), enabled: "${ssm:/on}" }',
      '9:47  expected enabled to be true or false, got: ${ssm:/on}, and ssm: is looked up only when deploying to AWS',
    ],
    [
      'schedule: { rate: "${ssm:/rate}" }',
      '9:25  expected the rate to be a text, got: ${ssm:/rate}, and ssm: is looked up only when deploying to AWS',
    ],
    [
      'schedule: { rate: rate(1 days) }',
      '9:7  expected a schedule such as rate(5 minutes), cron(0 12 * * ? *), got: "rate(1 days)" (AWS: Parameter ScheduleExpression is not valid.)',
    ],
    [
      'schedule: { rate: rate(1 day), method: scheduler, timezone: Europe/Berln }',
      '9:7  expected a time zone such as Europe/Berlin, got: "Europe/Berln"',
    ],
    [
      'schedule: { rate: rate(1 day), input: hello }',
      '9:7  expected an input, got: the input is no JSON: hello',
    ],
    [
      'schedule: { rate: rate(1 day), method: scheduler, input: \'{"at": <aws.scheduler.nothing>}\' }',
      '9:7  expected an input, got: the input is no JSON: {"at": <aws.scheduler.nothing>}',
    ],
  ] as const) {
    test(`${event} is an error at its place`, async () => {
      const manifest = oneFunction({ fn: `events:\n- ${event}` })
      const { errors } = await tryLoad({ 'serverless.yml': manifest }, { check: causeProblems })
      assert.deepEqual(errors, [`serverless.yml:${message}`])
    })
  }

  test('may not have the name of another one of its function', async () => {
    const fn =
      'events:\n- schedule: { rate: rate(1 day), name: n }\n- schedule: { rate: rate(2 days), name: n }'
    const { errors } = await tryLoad({ 'serverless.yml': oneFunction({ fn }) })
    assert.deepEqual(errors, [
      'serverless.yml:10:7  two schedules of s-dev-a are named n: here, and at serverless.yml:9:7',
    ])
  })
})

const RULE = { name: 's-dev-a-rule-1', bus: 'default', functionName: 's-dev-a', enabled: true }

describe('An eventBridge event', () => {
  for (const [event, expected] of [
    [
      'eventBridge: { pattern: { source: [shop] } }',
      { rules: [{ ...RULE, pattern: '{"source":["shop"]}' }] },
    ],
    [
      'eventBridge: { eventBus: orders, pattern: { detail: { n: [{ numeric: [">", 5] }] } } }',
      { rules: [{ ...RULE, bus: 'orders', pattern: '{"detail":{"n":[{"numeric":[">",5]}]}}' }] },
    ],
    [
      'eventBridge: { eventBus: "arn:aws:events:us-east-1:1:event-bus/orders", pattern: { a: [1] }, input: { k: 1 } }',
      { rules: [{ ...RULE, bus: 'orders', pattern: '{"a":[1]}', input: '{"k":1}' }] },
    ],
    [
      'eventBridge: { schedule: rate(5 minutes) }',
      { schedules: [{ ...SCHEDULE, name: 's-dev-a-rule-1' }] },
    ],
    [
      'cloudwatchEvent: { event: { source: [aws.ec2] }, enabled: false }',
      {
        rules: [
          {
            ...RULE,
            name: 's-dev-a-cloudwatch-1',
            pattern: '{"source":["aws.ec2"]}',
            enabled: false,
          },
        ],
      },
    ],
  ] as const) {
    test(event, async () => {
      assert.deepEqual(await causesOf(`- ${event}`), expected)
    })
  }

  for (const [event, message] of [
    [
      'eventBridge: { eventBus: x }',
      '9:20  expected the eventBridge event to have a pattern or a schedule, got: a map',
    ],
    [
      'eventBridge: { eventBus: x, schedule: rate(1 day) }',
      '9:7  a schedule is supported only on the default event bus',
    ],
    [
      'cloudwatchEvent: {}',
      '9:24  expected the cloudwatchEvent event to have an event, got: a map',
    ],
    [
      'eventBridge: { pattern: { source: shop } }',
      '9:7  expected a pattern that AWS accepts, got one of which it says: "source" must be an object or an array',
    ],
    [
      'eventBridge: { pattern: { a: [1] }, inputPath: x }',
      '9:7  expected an input, got: x is no JSON path such as $.detail.state',
    ],
  ] as const) {
    test(`${event} is an error at its place`, async () => {
      const manifest = oneFunction({ fn: `events:\n- ${event}` })
      const { errors } = await tryLoad({ 'serverless.yml': manifest }, { check: causeProblems })
      assert.deepEqual(errors, [`serverless.yml:${message}`])
    })
  }
})

const TOPIC_RESOURCES = `resources:
  Resources:
    Orders: { Type: AWS::SNS::Topic, Properties: { TopicName: orders } }
`

describe('An sns event', () => {
  for (const [event, expected] of [
    ['sns: orders', {}],
    ['sns: arn:aws:sns:us-east-1:123456789012:orders', {}],
    ['sns: { topicName: orders, displayName: Orders }', {}],
    [
      'sns: { arn: "arn:aws:sns:eu-west-1:1:orders", filterPolicy: { k: [v] } }',
      { filterPolicy: '{"k":["v"]}' },
    ],
    [
      'sns: { arn: !ImportValue x, topicName: orders, filterPolicyScope: MessageBody }',
      { filterScope: 'MessageBody' },
    ],
  ] as const) {
    test(event, async () => {
      assert.deepEqual(await causesOf(`- ${event}`), {
        subscriptions: [{ ...SUBSCRIPTION, ...expected }],
      })
    })
  }

  test('may refer to a topic of the manifest', async () => {
    for (const arn of [
      '!Ref Orders',
      '!GetAtt Orders.TopicArn',
      '!Sub "${Orders}"',
      '{ "Fn::Sub": "arn:aws:sns:${AWS::Region}:${AWS::AccountId}:${Orders.TopicName}" }',
    ]) {
      const { subscriptions } = await causesOf(`- sns: { arn: ${arn} }`, TOPIC_RESOURCES)
      assert.deepEqual(subscriptions, [SUBSCRIPTION], arn)
    }
  })

  for (const [event, message] of [
    ['sns: {}', '9:12  expected the sns event to have an arn or a topicName, got: a map'],
    [
      'sns: { arn: !ImportValue x }',
      '9:19  expected the topic of a to be a text, got: ${Fn::ImportValue}, and Fn::ImportValue exists only on AWS',
    ],
    [
      'sns: { topicName: t, filterPolicy: { a: { b: [c] } } }',
      '9:7  expected a pattern that AWS accepts, got one of which it says: Filter policy scope MessageAttributes does not support nested filter policy',
    ],
  ] as const) {
    test(`${event} is an error at its place`, async () => {
      const manifest = oneFunction({ fn: `events:\n- ${event}` })
      const { errors } = await tryLoad({ 'serverless.yml': manifest }, { check: causeProblems })
      assert.deepEqual(errors, [`serverless.yml:${message}`])
    })
  }
})

const NOTIFICATION = {
  bucket: 'photos',
  functionName: 's-dev-a',
  events: ['s3:ObjectCreated:*'],
  prefix: '',
  suffix: '',
}

describe('An s3 event', () => {
  for (const [event, expected] of [
    ['s3: photos', {}],
    ['s3: { bucket: photos, existing: true }', {}],
    ['s3: { bucket: photos, event: "s3:ObjectRemoved:*" }', { events: ['s3:ObjectRemoved:*'] }],
    [
      's3: { bucket: photos, rules: [{ prefix: in/ }, { suffix: .jpg }] }',
      { prefix: 'in/', suffix: '.jpg' },
    ],
  ] as const) {
    test(event, async () => {
      assert.deepEqual(await causesOf(`- ${event}`), {
        bucketNotifications: [{ ...NOTIFICATION, ...expected }],
      })
    })
  }

  test('may refer to a bucket of the manifest, whose name may be left to the stack', async () => {
    const top = `resources:
  - Resources:
      Photos: { Type: AWS::S3::Bucket, Properties: { BucketName: photos } }
      Drawn: { Type: AWS::S3::Bucket }
`
    const { bucketNotifications } = await causesOf(
      '- s3: { bucket: !Ref Photos }\n- s3: { bucket: !Ref Drawn }',
      top,
    )
    assert.deepEqual(
      bucketNotifications?.map(({ bucket }) => bucket),
      ['photos', 's-dev-drawn'],
    )
  })

  for (const [event, message] of [
    ['s3: {}', '9:11  expected the s3 event to have a bucket, got: a map'],
    [
      's3: { bucket: b, event: ObjectCreated }',
      '9:31  expected an event such as s3:ObjectCreated:*, got: "ObjectCreated"',
    ],
    [
      's3: { bucket: b, rules: [{ prefix: a }, { prefix: b }] }',
      '9:57  expected one prefix rule, got: "b"',
    ],
  ] as const) {
    test(`${event} is an error at its place`, async () => {
      const { errors } = await tryLoad({
        'serverless.yml': oneFunction({ fn: `events:\n- ${event}` }),
      })
      assert.deepEqual(errors, [`serverless.yml:${message}`])
    })
  }
})

test('A manifest that causes nothing has no background', async () => {
  const app = await load({ 'serverless.yml': oneFunction({}) })
  assert.equal('background' in app, false)
})

test('Services cause side by side', async () => {
  const service = (name: string): string =>
    oneFunction({ fn: 'events:\n- schedule: rate(1 day)' }).replace(
      'service: s',
      `service: ${name}`,
    )
  const app = await load(
    {
      'one/serverless.yml': service('one'),
      'one/h.js': 'exports.handler = async () => {}',
      'two/serverless.yml': service('two'),
      'two/h.js': 'exports.handler = async () => {}',
    },
    { paths: ['one', 'two'] },
  )
  assert.deepEqual(
    app.background?.schedules.map(({ name }) => name),
    ['one-dev-a-schedule-1', 'two-dev-a-schedule-1'],
  )
})
