import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { elementsOf } from '../../conformance/xml.ts'
import { sqsRig } from './rig.ts'

describe('The Query protocol of SQS', () => {
  test('sends and receives with attributes, and escapes what XML must', async (t) => {
    const { create, query } = await sqsRig(t)
    const QueueUrl = await create('mine')
    const sent = await query('SendMessage', {
      QueueUrl,
      MessageBody: '<b>&"\u{1F600}',
      'MessageAttribute.1.Name': 'Who',
      'MessageAttribute.1.Value.DataType': 'String',
      'MessageAttribute.1.Value.StringValue': 'Ada & Co',
      'MessageAttribute.2.Name': 'Bytes',
      'MessageAttribute.2.Value.DataType': 'Binary',
      'MessageAttribute.2.Value.BinaryValue': 'AAEC',
    })
    assert.match(sent.headers['content-type'] ?? '', /^text\/xml/)
    const received = await query('ReceiveMessage', {
      QueueUrl,
      MaxNumberOfMessages: '1',
      'AttributeName.1': 'ApproximateReceiveCount',
      'MessageAttributeName.1': 'All',
    })
    const result = 'ReceiveMessageResponse/ReceiveMessageResult/Message'
    const found = elementsOf(received.text)
    assert.equal(found[`${result}/Body`], '&#60;b&#62;&#38;&#34;\u{1F600}')
    assert.equal(found[`${result}/Attribute/Name`], 'ApproximateReceiveCount')
    assert.equal(found[`${result}/Attribute/Value`], '1')
    assert.match(
      received.text,
      /<MessageAttribute><Name>Bytes<\/Name><Value><BinaryValue>AAEC<\/BinaryValue><DataType>Binary<\/DataType><\/Value><\/MessageAttribute>/,
    )
    assert.equal(
      found[`${result}/MD5OfMessageAttributes`],
      elementsOf(sent.text)['SendMessageResponse/SendMessageResult/MD5OfMessageAttributes'],
    )
  })

  test('knows the queue by the URL that is called', async (t) => {
    const { create, query } = await sqsRig(t)
    await create('mine')
    const sent = await query('SendMessage', { MessageBody: 'x' }, '/123456789012/mine')
    assert.equal(sent.status, 200)
    const { text } = await query(
      'GetQueueAttributes',
      { 'AttributeName.1': 'ApproximateNumberOfMessages' },
      '/123456789012/mine',
    )
    assert.match(text, /<Name>ApproximateNumberOfMessages<\/Name><Value>1<\/Value>/)
  })

  test('has batches, in which each entry has its own end', async (t) => {
    const { create, query } = await sqsRig(t)
    const QueueUrl = await create('mine')
    const { text } = await query('SendMessageBatch', {
      QueueUrl,
      'SendMessageBatchRequestEntry.1.Id': 'a',
      'SendMessageBatchRequestEntry.1.MessageBody': 'x',
      'SendMessageBatchRequestEntry.2.Id': 'b',
      'SendMessageBatchRequestEntry.2.MessageBody': 'y',
      'SendMessageBatchRequestEntry.2.DelaySeconds': '901',
    })
    assert.match(text, /<SendMessageBatchResultEntry><Id>a<\/Id><MessageId>/)
    assert.match(
      text,
      /<BatchResultErrorEntry><Id>b<\/Id><SenderFault>true<\/SenderFault><Code>InvalidParameterValue<\/Code>/,
    )
  })

  test('makes, tags and lists queues', async (t) => {
    const { query, url } = await sqsRig(t)
    await query('CreateQueue', {
      QueueName: 'mine',
      'Attribute.1.Name': 'DelaySeconds',
      'Attribute.1.Value': '7',
      'Tag.1.Key': 'team',
      'Tag.1.Value': 'web',
    })
    const tags = await query('ListQueueTags', { QueueUrl: url('mine') })
    assert.match(tags.text, /<Tag><Key>team<\/Key><Value>web<\/Value><\/Tag>/)
    const list = await query('ListQueues', { QueueNamePrefix: 'mi' })
    assert.match(list.text, new RegExp(`<QueueUrl>${url('mine')}</QueueUrl>`))
    const deleted = await query('DeleteQueue', { QueueUrl: url('mine') })
    assert.match(deleted.text, /^<\?xml[^>]*><DeleteQueueResponse [^>]*><ResponseMetadata>/)
  })

  test('says what it does not know', async (t) => {
    const { query } = await sqsRig(t)
    const { status, text } = await query('Nonsense', {})
    assert.equal(status, 400)
    assert.match(
      text,
      /<Code>InvalidAction<\/Code><Message>The action Nonsense is not valid for this endpoint\./,
    )
  })
})
