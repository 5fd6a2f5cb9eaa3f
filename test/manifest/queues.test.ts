import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { load, oneFunction, tryLoad } from './project.ts'

/** A manifest with these resources, as lines. */
function resources(lines: string, fn = ''): Record<string, string> {
  const indented = lines.trim().replace(/^/gm, '    ')
  return {
    'serverless.yml': oneFunction({ fn, top: `resources:\n  Resources:\n${indented}` }),
  }
}

describe('Queues of a manifest', () => {
  test('have SQS’s attributes as texts, and tags', async () => {
    const { background } = await load(
      resources(`
Leads:
  Type: AWS::SQS::Queue
  Properties:
    QueueName: leads-\${sls:stage}
    VisibilityTimeout: 60
    SqsManagedSseEnabled: false
    Tags: [{ Key: team, Value: web }]
`),
    )
    const [queue] = background?.queues ?? []
    assert.equal(queue?.name, 'leads-dev')
    assert.equal(queue.service, 's')
    assert.deepEqual(queue.attributes, { VisibilityTimeout: '60', SqsManagedSseEnabled: 'false' })
    assert.deepEqual(queue.tags, { team: 'web' })
  })

  test('are drawn a name where they have none, which ends in .fifo where it must', async () => {
    const { background } = await load(
      resources(`
Plain: { Type: AWS::SQS::Queue }
Line: { Type: AWS::SQS::Queue, Properties: { FifoQueue: true } }
`),
    )
    assert.deepEqual(
      background?.queues.map(({ name }) => name),
      ['s-dev-Plain', 's-dev-Line.fifo'],
    )
  })

  test('have their redrive policy resolved, wherever the other queue stands', async () => {
    const { background } = await load(
      resources(`
Leads:
  Type: AWS::SQS::Queue
  Properties: { QueueName: leads, RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3 } }
Dead: { Type: AWS::SQS::Queue, Properties: { QueueName: dead } }
`),
    )
    const [leads] = background?.queues ?? []
    assert.deepEqual(JSON.parse(leads?.attributes['RedrivePolicy'] ?? ''), {
      deadLetterTargetArn: 'arn:aws:sqs:us-east-1:123456789012:dead',
      maxReceiveCount: 3,
    })
  })

  test('are made where another service’s is only named as dead-letter queue', async () => {
    const { background } = await load(
      resources(`
Leads:
  Type: AWS::SQS::Queue
  Properties:
    QueueName: leads
    RedrivePolicy: { deadLetterTargetArn: 'arn:aws:sqs:us-east-1:123456789012:shared', maxReceiveCount: 3 }
`),
    )
    assert.deepEqual(
      background?.queues.map(({ name }) => name),
      ['leads', 'shared'],
    )
  })

  test('are known to functions by URL, ARN and name, in every way of asking', async () => {
    const { functions } = await load(
      resources(
        'Leads: { Type: AWS::SQS::Queue, Properties: { QueueName: leads } }',
        `environment:
  URL: !Ref Leads
  ARN: { 'Fn::GetAtt': [Leads, Arn] }
  NAME: !GetAtt Leads.QueueName
  SUB: !Sub '\${Leads} \${Leads.Arn}'`,
      ),
    )
    const url = 'https://sqs.us-east-1.amazonaws.com/123456789012/leads'
    const arn = 'arn:aws:sqs:us-east-1:123456789012:leads'
    assert.deepEqual(functions[0]?.environment, {
      URL: url,
      ARN: arn,
      NAME: 'leads',
      SUB: `${url} ${arn}`,
    })
  })

  for (const [what, lines, expected] of [
    [
      'an attribute out of range',
      'Leads: { Type: AWS::SQS::Queue, Properties: { QueueName: leads, VisibilityTimeout: 50000 } }',
      /^serverless\.yml:\d+:\d+ {2}expected Leads to be a queue that SQS would make, got: leads: Invalid value for the parameter VisibilityTimeout\.$/,
    ],
    [
      'a FIFO queue without the name of one',
      'Leads: { Type: AWS::SQS::Queue, Properties: { QueueName: leads, FifoQueue: true } }',
      /got: leads: The name of a FIFO queue can only include/,
    ],
    [
      'a name that is none',
      'Leads: { Type: AWS::SQS::Queue, Properties: { QueueName: "a b" } }',
      /got: a b: a name has 1 to 80 letters/,
    ],
    [
      'a dead-letter queue of the other type',
      `Leads: { Type: AWS::SQS::Queue, Properties: { QueueName: leads, RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3 } } }
Dead: { Type: AWS::SQS::Queue, Properties: { FifoQueue: true } }`,
      /expected the dead-letter queue of leads to be of the same type, got: "s-dev-Dead\.fifo"/,
    ],
    [
      'a dead-letter queue that only AWS knows',
      'Leads: { Type: AWS::SQS::Queue, Properties: { QueueName: leads, RedrivePolicy: { deadLetterTargetArn: !ImportValue dead, maxReceiveCount: 3 } } }',
      /expected the dead-letter queue of leads to be known here/,
    ],
    [
      'two of a name',
      `A: { Type: AWS::SQS::Queue, Properties: { QueueName: same } }
B: { Type: AWS::SQS::Queue, Properties: { QueueName: same } }`,
      /expected one queue named same, got another at serverless\.yml:\d+:\d+/,
    ],
  ] as const) {
    test(`stop the start where they are wrong: ${what}`, async () => {
      const { errors } = await tryLoad(resources(lines))
      assert.equal(errors.length, 1, errors.join('\n'))
      assert.match(errors[0] ?? '', expected)
    })
  }
})
