import { toS3Event, type ObjectEvent } from '../events/s3.ts'
import type { BucketNotification } from '../model/background.ts'
import type { Account, Matched } from './rules.ts'

/** The functions that are told of something that happened to an object, each with its event. */
export function notifiedOf(
  notifications: readonly BucketNotification[],
  event: ObjectEvent,
  { region }: Account,
): Matched[] {
  const eventJson = JSON.stringify(toS3Event(event, region))
  return notifications
    .filter(({ bucket }) => bucket === event.bucket)
    .filter(({ prefix, suffix }) => event.key.startsWith(prefix) && event.key.endsWith(suffix))
    .filter(({ events }) => events.some((pattern) => covers(pattern, event.name)))
    .map(({ functionName }) => ({ functionName, eventJson }))
}

/** `s3:ObjectCreated:*` covers `ObjectCreated:Put`. */
function covers(pattern: string, name: string): boolean {
  const wanted = pattern.replace(/^s3:/, '')
  return wanted.endsWith('*') ? name.startsWith(wanted.slice(0, -1)) : name === wanted
}
