import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SCHEDULE, SUBSCRIPTION, withoutPlaces } from './background.ts'
import { load, tryLoad } from './project.ts'

/** A manifest of the functions `a` and `hello-you` with these resources. */
const withResources = (resources: string): string => `service: s
provider: { name: aws }
functions:
  a: { handler: h.handler, environment: { TOPIC: !Ref Orders } }
  hello-you: { handler: h.handler, name: greeter }
resources:
  Resources:
    Orders: { Type: AWS::SNS::Topic }
${resources.replace(/^/gm, '    ')}
`

describe('Resources', () => {
  test('are rules, with a target for each function', async () => {
    const { background } = await load({
      'serverless.yml': withResources(`
Rule:
  Type: AWS::Events::Rule
  Properties:
    EventBusName: !Ref Bus
    EventPattern: { source: [shop] }
    State: DISABLED
    Targets:
      - { Arn: !GetAtt ALambdaFunction.Arn, Id: one, InputPath: $.detail }
      - { Arn: !GetAtt HelloDashyouLambdaFunction.Arn, Id: two }
Bus: { Type: AWS::Events::EventBus, Properties: { Name: orders } }
Hourly:
  Type: AWS::Events::Rule
  Properties: { Name: hourly, ScheduleExpression: rate(1 hour), Targets: [{ Arn: !GetAtt ALambdaFunction.Arn, Id: x, Input: '{"k":1}' }] }
`),
    })
    const { rules, schedules } = withoutPlaces(background)
    const rule = {
      name: 's-dev-Rule',
      bus: 'orders',
      pattern: '{"source":["shop"]}',
      enabled: false,
    }
    assert.deepEqual(rules, [
      { ...rule, functionName: 's-dev-a', inputPath: '$.detail' },
      { ...rule, functionName: 'greeter' },
    ])
    assert.deepEqual(schedules, [
      { ...SCHEDULE, name: 'hourly', expression: 'rate(1 hour)', input: '{"k":1}' },
    ])
  })

  test('are schedules of EventBridge Scheduler', async () => {
    const { background } = await load({
      'serverless.yml': withResources(`
Nightly:
  Type: AWS::Scheduler::Schedule
  Properties:
    ScheduleExpression: cron(0 2 * * ? *)
    ScheduleExpressionTimezone: Europe/Berlin
    StartDate: '2026-03-06T00:00:00Z'
    FlexibleTimeWindow: { Mode: 'OFF' }
    Target: { Arn: !Sub 'arn:aws:lambda:\${AWS::Region}:\${AWS::AccountId}:function:greeter', RoleArn: arn:x, Input: '{}' }
`),
    })
    assert.deepEqual(withoutPlaces(background).schedules, [
      {
        name: 's-dev-Nightly',
        functionName: 'greeter',
        expression: 'cron(0 2 * * ? *)',
        kind: 'scheduler',
        timeZone: 'Europe/Berlin',
        enabled: true,
        input: '{}',
        startMs: Date.parse('2026-03-06T00:00:00Z'),
      },
    ])
  })

  test('are topics with subscriptions of functions and queues', async () => {
    const { background } = await load({
      'serverless.yml': withResources(`
Fifo:
  Type: AWS::SNS::Topic
  Properties:
    TopicName: f.fifo
    ContentBasedDeduplication: true
    Subscription: [{ Protocol: sqs, Endpoint: 'arn:aws:sqs:us-east-1:123456789012:q.fifo' }]
Sub:
  Type: AWS::SNS::Subscription
  Properties: { Protocol: lambda, TopicArn: !Ref Orders, Endpoint: !GetAtt ALambdaFunction.Arn, FilterPolicy: { k: [v] }, FilterPolicyScope: MessageBody }
Raw:
  Type: AWS::SNS::Subscription
  Properties: { Protocol: sqs, TopicArn: !Ref Orders, Endpoint: 'arn:aws:sqs:us-east-1:123456789012:q', RawMessageDelivery: true }
`),
    })
    const { topics, subscriptions } = withoutPlaces(background)
    const queue = 'arn:aws:sqs:us-east-1:123456789012:q'
    assert.deepEqual(topics, [
      { name: 's-dev-Orders', contentBasedDeduplication: false },
      { name: 'f.fifo', contentBasedDeduplication: true },
    ])
    assert.deepEqual(subscriptions, [
      { ...SUBSCRIPTION, topic: 'f.fifo', target: { queueArn: `${queue}.fifo` } },
      {
        ...SUBSCRIPTION,
        topic: 's-dev-Orders',
        filterPolicy: '{"k":["v"]}',
        filterScope: 'MessageBody',
      },
      { ...SUBSCRIPTION, topic: 's-dev-Orders', target: { queueArn: queue }, rawDelivery: true },
    ])
  })

  test('of the manifest are known by their names in variables of functions', async () => {
    const { functions } = await load({ 'serverless.yml': withResources('') })
    assert.deepEqual(functions[0]?.environment, {
      TOPIC: 'arn:aws:sns:us-east-1:123456789012:s-dev-Orders',
    })
  })

  test('that lead elsewhere are notes', async () => {
    const { notes, app } = await tryLoad({
      'serverless.yml': withResources(`
Rule:
  Type: AWS::Events::Rule
  Properties: { EventPattern: { a: [1] }, Targets: [{ Arn: !GetAtt Machine.Arn, Id: x }, { Arn: 'arn:aws:lambda:us-east-1:1:function:other', Id: y }] }
Mail:
  Type: AWS::SNS::Subscription
  Properties: { Protocol: email, TopicArn: !Ref Orders, Endpoint: a@x.io }
`),
    })
    assert.deepEqual(notes, [
      'serverless.yml:10:5  Rule: its target ${Machine.Arn} is no function of this manifest, and is not served',
      'serverless.yml:10:5  Rule: its target arn:aws:lambda:us-east-1:1:function:other is no function of this manifest, and is not served',
      'serverless.yml:13:5  Mail: subscriptions by email to a@x.io are not served',
    ])
    assert.deepEqual(app?.background?.rules, [])
  })
})
