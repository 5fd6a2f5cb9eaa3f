import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import * as v from 'valibot'
import type { Notifications } from '../bus/notifications.ts'
import { decodeKey, type ObjectEvent } from '../events/s3.ts'
import { bodyOf } from '../lib/body.ts'
import type { Clock } from '../lib/clock.ts'
import { jsonAnswer, type Answer } from './answer.ts'

/** Where an object store tells what happens in its buckets. */
export const S3_WEBHOOK_PATH = '/_spillway/s3'

const BODY_BYTES_MAX = 1024 * 1024

const Text = v.optional(v.nullable(v.string()), null)

/** What is needed of a record; MinIO, LocalStack and AWS each say more besides. */
const Record = v.object({
  eventName: v.pipe(v.string(), v.minLength(1)),
  eventTime: v.optional(v.string(), ''),
  userIdentity: v.optional(v.object({ principalId: Text }), {}),
  requestParameters: v.optional(v.nullable(v.record(v.string(), v.unknown())), null),
  responseElements: v.optional(v.nullable(v.record(v.string(), v.unknown())), null),
  s3: v.object({
    configurationId: Text,
    bucket: v.object({ name: v.string() }),
    object: v.object({
      key: v.string(),
      size: v.optional(v.number()),
      eTag: v.optional(v.string()),
      versionId: v.optional(v.string()),
      sequencer: Text,
    }),
  }),
})

const Told = v.object({ Records: v.optional(v.nullable(v.array(Record)), null) })

/**
 * Takes S3 event notifications as object stores post them: each record becomes an event of its own, in
 * AWS's shape, for every function whose bucket, event and key rules fit. Answers 200 once they can no
 * longer be lost, and 500 where they could not be taken: stores with a queue send them again.
 */
export async function takeS3Events(
  request: IncomingMessage,
  notifications: Pick<Notifications, 'objectEvent'>,
  clock: Pick<Clock, 'wallMs'>,
): Promise<Answer> {
  if (request.method !== 'POST') return refusal(405, 'S3 event notifications come by POST')
  const { bytes } = await bodyOf(request, BODY_BYTES_MAX)
  if (bytes === undefined) return refusal(413, 'S3 event notifications have at most 1 MiB')
  const told = v.safeParse(v.pipe(v.string(), v.parseJson(), Told), bytes.toString())
  if (!told.success) {
    const [issue] = told.issues
    const where = v.getDotPath(issue) ?? 'the body'
    return refusal(400, `expected S3 event notifications, got at ${where}: ${issue.message}`)
  }
  const records = told.output.Records ?? []
  await Promise.all(
    records.map(async (record) => await notifications.objectEvent(toObjectEvent(record, clock))),
  )
  return jsonAnswer(200, {})
}

function refusal(status: number, message: string): Answer {
  return jsonAnswer(status, { message })
}

function toObjectEvent(
  record: v.InferOutput<typeof Record>,
  clock: Pick<Clock, 'wallMs'>,
): ObjectEvent {
  const { eventName, eventTime, userIdentity, requestParameters, responseElements, s3 } = record
  const { key, size, eTag, versionId, sequencer } = s3.object
  const timeMs = Date.parse(eventTime)
  return {
    name: eventName.replace(/^s3:/, ''),
    timeMs: Number.isNaN(timeMs) ? clock.wallMs() : timeMs,
    bucket: s3.bucket.name,
    key: decodeKey(key),
    sequencer: sequencer ?? clock.wallMs().toString(16).toUpperCase().padStart(18, '0'),
    configurationId: s3.configurationId ?? 'Spillway',
    principalId: userIdentity.principalId ?? 'Spillway',
    sourceIp: said(requestParameters, 'sourceIPAddress') ?? '127.0.0.1',
    requestId: said(responseElements, 'x-amz-request-id') ?? requestIdOf(),
    hostId: said(responseElements, 'x-amz-id-2') ?? requestIdOf(),
    ...(size === undefined ? {} : { size }),
    ...(eTag === undefined ? {} : { eTag }),
    ...(versionId === undefined ? {} : { versionId }),
  }
}

function said(from: Readonly<Record<string, unknown>> | null, name: string): string | undefined {
  const value = from?.[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

function requestIdOf(): string {
  return randomUUID().replaceAll('-', '').slice(0, 16).toUpperCase()
}
