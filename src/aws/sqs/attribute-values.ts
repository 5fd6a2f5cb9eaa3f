import { defaultAttributes } from '../../model/queue-settings.ts'
import type { QueueFacts } from '../../queue/embedded/embedded.ts'

/** What a queue's attributes are, those included that nobody set. */
export function effectiveAttributes({ name, attributes }: QueueFacts): Record<string, string> {
  return { ...defaultAttributes(name.endsWith('.fifo')), ...attributes }
}
