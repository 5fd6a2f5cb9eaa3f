import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { firstRecord, rigOf } from './notifying.ts'

/** As MinIO posts it. */
function minioEvent(key: string, bucket = 'photos'): Record<string, unknown> {
  return {
    EventName: 's3:ObjectCreated:Put',
    Key: `${bucket}/${key}`,
    Records: [
      {
        eventVersion: '2.0',
        eventSource: 'minio:s3',
        awsRegion: '',
        eventTime: '2026-03-06T18:00:00.123Z',
        eventName: 's3:ObjectCreated:Put',
        userIdentity: { principalId: 'minioadmin' },
        requestParameters: { principalId: 'minioadmin', region: '', sourceIPAddress: '172.17.0.1' },
        responseElements: {
          'x-amz-id-2': 'dd90',
          'x-amz-request-id': '18A1',
          'x-minio-origin-endpoint': 'http://172.17.0.2:9000',
        },
        s3: {
          s3SchemaVersion: '1.0',
          configurationId: 'Config',
          bucket: {
            name: bucket,
            ownerIdentity: { principalId: 'minioadmin' },
            arn: `arn:aws:s3:::${bucket}`,
          },
          object: {
            key,
            size: 11,
            eTag: 'abc',
            contentType: 'text/plain',
            userMetadata: {},
            sequencer: '18A1B2',
          },
        },
        source: { host: '172.17.0.1', port: '', userAgent: 'MinIO' },
      },
    ],
  }
}

describe('An object store that posts its events', () => {
  test("has functions run, with the event in AWS's shape", async (t) => {
    const { s3, fired } = await rigOf(t)
    const { status, text } = await s3(minioEvent('in%2Fmy+file%2B1.txt'))
    assert.deepEqual([status, text], [200, '{}'])
    assert.deepEqual(fired, [
      {
        functionName: 'f',
        event: {
          Records: [
            {
              eventVersion: '2.1',
              eventSource: 'aws:s3',
              awsRegion: 'us-east-1',
              eventTime: '2026-03-06T18:00:00.123Z',
              eventName: 'ObjectCreated:Put',
              userIdentity: { principalId: 'minioadmin' },
              requestParameters: { sourceIPAddress: '172.17.0.1' },
              responseElements: { 'x-amz-request-id': '18A1', 'x-amz-id-2': 'dd90' },
              s3: {
                s3SchemaVersion: '1.0',
                configurationId: 'Config',
                bucket: {
                  name: 'photos',
                  ownerIdentity: { principalId: 'minioadmin' },
                  arn: 'arn:aws:s3:::photos',
                },
                object: { key: 'in/my+file%2B1.txt', size: 11, eTag: 'abc', sequencer: '18A1B2' },
              },
            },
          ],
        },
      },
    ])
  })

  test('may say less, and of a version', async (t) => {
    const { s3, fired } = await rigOf(t)
    const object = { key: 'in/100%', versionId: 'v1' }
    const { status } = await s3({
      Records: [{ eventName: 'ObjectCreated:Copy', s3: { bucket: { name: 'photos' }, object } }],
    })
    assert.equal(status, 200)
    const record = firstRecord(fired) as {
      readonly s3: { readonly object: Readonly<Record<string, unknown>> }
    }
    assert.equal(record.s3.object['key'], 'in/100%25')
    assert.equal(record.s3.object['versionId'], 'v1')
  })

  test('is told 200 of what nobody wants to know, and of its own test', async (t) => {
    const { s3, fired } = await rigOf(t)
    assert.equal((await s3(minioEvent('out/x'))).status, 200)
    assert.equal((await s3(minioEvent('in/x', 'other'))).status, 200)
    assert.equal((await s3({ Service: 'Amazon S3', Event: 's3:TestEvent' })).status, 200)
    assert.deepEqual(fired, [])
  })

  test('is told 500 where a function cannot be had, so that it comes again', async (t) => {
    const { s3, errors } = await rigOf(t, async () => {
      throw new Error('the disk is full')
    })
    assert.equal((await s3(minioEvent('in/x'))).status, 500)
    assert.match(String(errors[0]), /the disk is full/)
  })

  test('is told what is wrong with what it posts', async (t) => {
    const { s3 } = await rigOf(t)
    for (const [body, message] of [
      ['{', /expected S3 event notifications, got at the body: /],
      [{ Records: [{ s3: {} }] }, /got at Records\.0\./],
      [{ Records: 'x' }, /got at Records: /],
    ] as const) {
      const { status, json } = await s3(body)
      assert.equal(status, 400)
      assert.match((json as { message: string }).message, message)
    }
    assert.equal((await s3('', 'PUT')).status, 405)
  })
})
