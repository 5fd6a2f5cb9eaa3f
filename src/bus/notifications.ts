import { randomUUID } from 'node:crypto'
import type { ObjectEvent } from '../events/s3.ts'
import type { Clock } from '../lib/clock.ts'
import type { App } from '../model/app.ts'
import type { Queues } from '../queue/queue.ts'
import { notifiedOf } from './buckets.ts'
import type { Fire } from './fire.ts'
import { compileRules, type BusEvent, type Matched, type Rules } from './rules.ts'
import { compileTopics, type Publication, type Queued, type Topics } from './topics.ts'

export interface NotificationsOptions {
  readonly fire: Fire
  /** Where subscribed queues are; without, what goes to a queue is refused. */
  readonly queues?: Pick<Queues, 'send'>
  readonly clock: Pick<Clock, 'wallMs'>
}

/**
 * Tells functions and queues what happens: EventBridge, SNS and S3 in one. Everything resolves once
 * it can no longer be lost; where it rejects, some of those to be told may have been told already, and
 * are told again when the sender repeats itself, as on AWS.
 */
export interface Notifications {
  /** Serves this App's rules, topics and buckets from now on. @throws {PatternError} or {InputError} */
  configure(app: App): void
  /** Resolves with the event's id. */
  putEvent(event: BusEvent): Promise<string>
  readonly topics: Pick<Topics, 'has' | 'isContentDeduplicated'>
  publish(publication: Publication): Promise<Published>
  objectEvent(event: ObjectEvent): Promise<void>
}

export interface Published {
  readonly messageId: string
  /** FIFO topics. */
  readonly sequenceNumber?: string
}

/** Notifications of no App yet: nobody is told anything. */
export function createNotifications({ fire, queues, clock }: NotificationsOptions): Notifications {
  let served = compile(undefined)
  const nextSequence = createSequence(clock)

  const fireAll = async (matched: readonly Matched[]): Promise<void> => {
    await Promise.all(
      matched.map(({ functionName, eventJson }) => fire(functionName, eventJson, 'notification')),
    )
  }
  const sendAll = async (queued: readonly Queued[]): Promise<void> => {
    await Promise.all(
      queued.map(async ({ queue, message }) => {
        if (queues === undefined) throw new Error(`there is no queue ${queue}`)
        await queues.send(queue, [message])
      }),
    )
  }

  return {
    configure: (app) => void (served = compile(app)),
    async putEvent(event) {
      const id = randomUUID()
      const ingestionTime = new Date(clock.wallMs()).toISOString()
      await fireAll(served.rules(id, event, ingestionTime))
      return id
    },
    topics: {
      has: (topic) => served.topics.has(topic),
      isContentDeduplicated: (topic) => served.topics.isContentDeduplicated(topic),
    },
    async publish(publication) {
      const messageId = randomUUID()
      const isFifo = publication.topic.endsWith('.fifo')
      const published = { messageId, ...(isFifo ? { sequenceNumber: nextSequence() } : {}) }
      const timestampMs = clock.wallMs()
      const deliveries = served.topics.deliveries(publication, {
        ...published,
        timestampMs,
      })
      await Promise.all([fireAll(deliveries.functions), sendAll(deliveries.queues)])
      return published
    },
    objectEvent: async (event) => await fireAll(served.buckets(event)),
  }
}

interface Served {
  readonly rules: Rules
  readonly topics: Topics
  readonly buckets: (event: ObjectEvent) => Matched[]
}

const NOWHERE = { accountId: '', region: '' }

function compile(app: App | undefined): Served {
  const background = app?.background
  const account = app ?? NOWHERE
  return {
    rules: compileRules(background?.rules ?? [], account),
    topics: compileTopics(background ?? { subscriptions: [] }, account),
    buckets: (event) => notifiedOf(background?.bucketNotifications ?? [], event, account),
  }
}

/** Twenty digits that only grow, also over a restart. */
function createSequence({ wallMs }: Pick<Clock, 'wallMs'>): () => string {
  let last = 0n
  return () => {
    const now = 10n ** 19n + BigInt(Math.floor(wallMs())) * 1000n
    last = now > last ? now : last + 1n
    return String(last)
  }
}
