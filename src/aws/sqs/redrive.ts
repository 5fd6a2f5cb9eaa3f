import { toQueueSettings } from '../../model/queue-settings.ts'
import { invalid } from './errors.ts'
import type { SqsContext } from './operation.ts'

/** @throws {SqsError} where the dead-letter queue that attributes name is none, or of the other type. */
export function checkRedrive(
  name: string,
  attributes: Readonly<Record<string, string>>,
  { queues }: SqsContext,
): void {
  const { redrive } = toQueueSettings(attributes)
  if (redrive === undefined) return
  const policy = attributes['RedrivePolicy']
  if (queues.get(redrive.target) === undefined) {
    throw invalid('RedrivePolicy', policy, 'Dead letter target does not exist.')
  }
  if (redrive.target.endsWith('.fifo') !== name.endsWith('.fifo')) {
    const reason = 'Dead-letter target must be same type of queue as the source.'
    throw invalid('RedrivePolicy', policy, reason)
  }
}
