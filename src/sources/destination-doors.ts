import type { Notifications } from '../bus/notifications.ts'
import type { Doors } from '../invoke/async/destinations.ts'
import type { Clock } from '../lib/clock.ts'

/** Topics and event buses as destinations of events that are over. */
export function destinationDoors(
  notifications: () => Notifications,
  clock: Pick<Clock, 'wallMs'>,
): Pick<Doors, 'publish' | 'putEvent'> {
  return {
    async publish(topicArn, { body, attributes = {}, groupId, deduplicationId }) {
      await notifications().publish({
        topic: lastOf(topicArn, ':'),
        message: body,
        attributes,
        ...(groupId === undefined ? {} : { groupId }),
        ...(deduplicationId === undefined ? {} : { deduplicationId }),
      })
    },
    async putEvent(busArn, { detail, ...event }) {
      const time = new Date(clock.wallMs()).toISOString().replace(/\.\d+Z$/, 'Z')
      const bus = lastOf(busArn, '/')
      await notifications().putEvent({ ...event, bus, time, detail: JSON.parse(detail) as unknown })
    },
  }
}

function lastOf(text: string, separator: string): string {
  return text.slice(text.lastIndexOf(separator) + 1)
}
