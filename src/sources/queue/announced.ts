import type { DescribedQueue, SqsQueues } from '../../queue/sqs/sqs-queues.ts'
import type { Queues, ReceiveOptions } from '../../queue/queue.ts'

/** SQS's own queues, of which none is received from before it was said whose it is. */
export interface Announced {
  readonly queues: Queues
  /** As SQS says; what it has not been asked for yet has the default. */
  visibilityTimeoutMs(queue: string): number
}

/** SQS's, where nothing is said. */
const VISIBILITY_TIMEOUT_MS = 30_000

/**
 * Real messages are taken only after the account and the queue were printed: whoever is in the wrong
 * account is to see it, and not the next day.
 * @param say writes a line where operators look.
 */
export function announced(sqs: SqsQueues, say: (sentence: string) => void): Announced {
  const known = new Map<string, Promise<DescribedQueue>>()
  const timeoutsMs = new Map<string, number>()
  const announce = async (queue: string): Promise<void> => {
    let described = known.get(queue)
    if (described === undefined) {
      described = sqs.describe(queue)
      known.set(queue, described)
      // A queue that cannot be asked is asked again.
      described.catch(() => known.delete(queue))
      const { arn, visibilityTimeoutMs } = await described
      timeoutsMs.set(queue, visibilityTimeoutMs)
      say(`messages are taken from SQS, in account ${accountOf(arn)}: ${arn}`)
    }
    await described
  }
  return {
    queues: {
      ...sqs,
      async receive(queue: string, options: ReceiveOptions) {
        await announce(queue)
        return await sqs.receive(queue, options)
      },
    },
    visibilityTimeoutMs: (queue) => timeoutsMs.get(queue) ?? VISIBILITY_TIMEOUT_MS,
  }
}

function accountOf(arn: string): string {
  return arn.split(':')[4] ?? ''
}
