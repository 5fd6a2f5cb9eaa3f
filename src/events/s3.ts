/** One thing that happened to an object. */
export interface ObjectEvent {
  /** `ObjectCreated:Put`, without `s3:`. */
  readonly name: string
  readonly timeMs: number
  readonly bucket: string
  /** As it is, not encoded. */
  readonly key: string
  readonly size?: number
  readonly eTag?: string
  readonly versionId?: string
  /** A hexadecimal number; a later event of the same key has a greater one. */
  readonly sequencer: string
  readonly configurationId: string
  readonly principalId: string
  readonly sourceIp: string
  readonly requestId: string
  readonly hostId: string
}

/** The event of a function that is told of a bucket: one record, version 2.1. */
export function toS3Event(event: ObjectEvent, region: string): Readonly<Record<string, unknown>> {
  const { bucket, key, size, eTag, versionId, sequencer, principalId } = event
  return {
    Records: [
      {
        eventVersion: '2.1',
        eventSource: 'aws:s3',
        awsRegion: region,
        eventTime: new Date(event.timeMs).toISOString(),
        eventName: event.name,
        userIdentity: { principalId },
        requestParameters: { sourceIPAddress: event.sourceIp },
        responseElements: { 'x-amz-request-id': event.requestId, 'x-amz-id-2': event.hostId },
        s3: {
          s3SchemaVersion: '1.0',
          configurationId: event.configurationId,
          bucket: { name: bucket, ownerIdentity: { principalId }, arn: `arn:aws:s3:::${bucket}` },
          object: { key: encodeKey(key), size, eTag, versionId, sequencer },
        },
      },
    ],
  }
}

/** As forms are encoded, but with slashes left alone (recorded on AWS): `my file` is `my+file`. */
function encodeKey(key: string): string {
  return encodeURIComponent(key)
    .replace(/[!'()~]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
    .replaceAll('%2F', '/')
}

/** What was encoded for a URL or a form, as it was; left alone where it was not encoded so. */
export function decodeKey(encoded: string): string {
  try {
    return decodeURIComponent(encoded.replaceAll('+', ' '))
  } catch {
    return encoded
  }
}
