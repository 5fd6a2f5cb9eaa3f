import assert from 'node:assert/strict'
import { request, type ClientRequest } from 'node:http'
import { describe, test } from 'node:test'
import { until } from '../../support/until.ts'
import { sqsRig } from './rig.ts'

describe('The queues of the SQS API', () => {
  test('are listed by their beginning, and in pages', async (t) => {
    const { call, create, url } = await sqsRig(t)
    for (const name of ['a-1', 'a-2', 'a-3', 'b-1']) await create(name)
    const first = await call('ListQueues', { QueueNamePrefix: 'a-', MaxResults: 2 })
    assert.deepEqual(first['QueueUrls'], [url('a-1'), url('a-2')])
    const { NextToken } = first
    const rest = await call('ListQueues', { QueueNamePrefix: 'a-', MaxResults: 2, NextToken })
    assert.deepEqual(rest, { QueueUrls: [url('a-3')] })
    assert.deepEqual(await call('ListQueues', { QueueNamePrefix: 'none' }), {})
  })

  test('have their attributes changed, and an empty redrive policy takes it away', async (t) => {
    const { call, create } = await sqsRig(t)
    await create('dead')
    const QueueUrl = await create('mine')
    const RedrivePolicy = JSON.stringify({
      deadLetterTargetArn: 'arn:aws:sqs:us-east-1:123456789012:dead',
      maxReceiveCount: '3',
    })
    await call('SetQueueAttributes', {
      QueueUrl,
      Attributes: { VisibilityTimeout: '5', RedrivePolicy },
    })
    const AttributeNames = ['VisibilityTimeout', 'RedrivePolicy']
    const set = await call('GetQueueAttributes', { QueueUrl, AttributeNames })
    assert.deepEqual(set, { Attributes: { VisibilityTimeout: '5', RedrivePolicy } })
    const dead = await create('dead')
    const sources = await call('ListDeadLetterSourceQueues', { QueueUrl: dead })
    assert.deepEqual(sources, { queueUrls: [QueueUrl] })
    await call('SetQueueAttributes', { QueueUrl, Attributes: { RedrivePolicy: '' } })
    const after = await call('GetQueueAttributes', { QueueUrl, AttributeNames })
    assert.deepEqual(after, { Attributes: { VisibilityTimeout: '5' } })
  })

  test('have tags', async (t) => {
    const { call, create } = await sqsRig(t)
    const QueueUrl = await create('mine')
    assert.deepEqual(await call('ListQueueTags', { QueueUrl }), {})
    await call('TagQueue', { QueueUrl, Tags: { a: '1', b: '2' } })
    await call('UntagQueue', { QueueUrl, TagKeys: ['a'] })
    assert.deepEqual(await call('ListQueueTags', { QueueUrl }), { Tags: { b: '2' } })
  })

  test('do not show the queues that events wait in', async (t) => {
    const { call } = await sqsRig(t)
    const { QueueUrls = [] } = await call('ListQueues', {})
    assert.ok((QueueUrls as string[]).every((url) => /\/q(?:\.fifo)?$/.test(url)))
  })

  test('give only the attributes of a message that were asked for, with their own MD5', async (t) => {
    const { call, create } = await sqsRig(t)
    const QueueUrl = await create('mine')
    const MessageAttributes = Object.fromEntries(
      ['a.one', 'a.two', 'b'].map((name) => [name, { DataType: 'String', StringValue: name }]),
    )
    const sent = await call('SendMessage', { QueueUrl, MessageBody: 'x', MessageAttributes })
    const receive = async (names: string[]): Promise<Record<string, unknown>> => {
      const params = { QueueUrl, VisibilityTimeout: 0, MessageAttributeNames: names }
      const { Messages } = await call('ReceiveMessage', params)
      return (Messages as Record<string, unknown>[])[0] ?? {}
    }
    const none = await receive([])
    assert.equal('MessageAttributes' in none || 'MD5OfMessageAttributes' in none, false)
    const some = await receive(['a.*'])
    assert.deepEqual(Object.keys(some['MessageAttributes'] as object), ['a.one', 'a.two'])
    assert.notEqual(some['MD5OfMessageAttributes'], sent['MD5OfMessageAttributes'])
    const all = await receive(['All'])
    assert.equal(all['MD5OfMessageAttributes'], sent['MD5OfMessageAttributes'])
  })
})

describe('A long poll', () => {
  test('takes nothing once its client has left', async (t) => {
    const { call, create, port } = await sqsRig(t)
    let tries = 0
    // The server sees a moment later that somebody has left: the next try is as good.
    await until('a message that nobody takes', async () => {
      const QueueUrl = await create(`mine-${tries++}`)
      const out = await pollAndLeave(port, QueueUrl)
      await call('SendMessage', { QueueUrl, MessageBody: 'x' })
      const { Attributes } = await call('GetQueueAttributes', { QueueUrl, AttributeNames: ['All'] })
      assert.ok(out.destroyed)
      return (Attributes as Record<string, string>)['ApproximateNumberOfMessages'] === '1'
    })
  })
})

async function pollAndLeave(port: number, QueueUrl: string): Promise<ClientRequest> {
  const body = JSON.stringify({ QueueUrl, WaitTimeSeconds: 20 })
  const headers = { 'x-amz-target': 'AmazonSQS.ReceiveMessage', 'content-length': body.length }
  const out = request({ port, host: '127.0.0.1', method: 'POST', headers })
  out.on('error', () => {})
  await new Promise<void>((resolve) => out.end(body, resolve))
  const left = new Promise((resolve) => out.once('close', resolve))
  out.destroy()
  await left
  return out
}
