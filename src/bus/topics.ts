import { createHash } from 'node:crypto'
import { toSnsEnvelope, toSnsEvent, type Notification } from '../events/sns.ts'
import type { Background } from '../model/app.ts'
import type { Subscription } from '../model/background.ts'
import type { MessageAttribute, NewMessage } from '../queue/queue.ts'
import { compileFilterPolicy, type Filtered } from './filter-policy.ts'
import type { Account, Matched } from './rules.ts'

/** What is published to a topic. */
export interface Publication {
  /** The topic's name. */
  readonly topic: string
  /** For all; or for each protocol its own (`MessageStructure: json`), `default` among them. */
  readonly message: string | Readonly<Record<string, string>>
  readonly subject?: string
  readonly attributes: Readonly<Record<string, MessageAttribute>>
  readonly groupId?: string
  readonly deduplicationId?: string
}

/** A queue that a message goes to, with what it gets. */
export interface Queued {
  readonly queue: string
  readonly message: NewMessage
}

/** Who gets a publication. */
export interface Deliveries {
  readonly functions: readonly Matched[]
  readonly queues: readonly Queued[]
}

export interface PublicationFacts {
  /** A UUID. */
  readonly messageId: string
  readonly timestampMs: number
  readonly sequenceNumber?: string
}

/** The topics of an application. */
export interface Topics {
  has(topic: string): boolean
  isContentDeduplicated(topic: string): boolean
  deliveries(publication: Publication, facts: PublicationFacts): Deliveries
}

/** Topics with their subscriptions. @throws {PatternError} */
export function compileTopics(
  { topics = [], subscriptions }: Pick<Background, 'topics' | 'subscriptions'>,
  account: Account,
): Topics {
  const declared = new Map(topics.map((topic) => [topic.name, topic]))
  const compiled = subscriptions.map((subscription) => ({
    ...subscription,
    wants: wantsOf(subscription),
    arn: subscriptionArn(account, subscription),
  }))
  const names = new Set([...declared.keys(), ...subscriptions.map(({ topic }) => topic)])
  return {
    has: (topic) => names.has(topic),
    isContentDeduplicated: (topic) => declared.get(topic)?.contentBasedDeduplication === true,
    deliveries(publication, facts) {
      const to = compiled
        .filter(({ topic }) => topic === publication.topic)
        .map((subscription) => ({
          ...subscription,
          message: messageFor(subscription, publication),
        }))
        .filter(({ wants, message }) => wants({ message, attributes: publication.attributes }))
      const functions: Matched[] = []
      const queues: Queued[] = []
      for (const subscription of to) {
        const { target } = subscription
        const notification = toNotification(subscription, publication, facts, account)
        if ('queueArn' in target) {
          queues.push({
            queue: nameOf(target.queueArn),
            message: queued(subscription, notification, publication),
          })
        } else {
          const eventJson = JSON.stringify(toSnsEvent(notification))
          functions.push({ functionName: target.functionName, eventJson })
        }
      }
      return { functions, queues }
    },
  }
}

export function topicArn({ accountId, region }: Account, topic: string): string {
  return `arn:aws:sns:${region}:${accountId}:${topic}`
}

function wantsOf({ filterPolicy, filterScope }: Subscription): (message: Filtered) => boolean {
  return filterPolicy === undefined ? () => true : compileFilterPolicy(filterPolicy, filterScope)
}

/** AWS draws the last part at random; this one follows from who is subscribed. */
function subscriptionArn(account: Account, { topic, target }: Subscription): string {
  const hex = createHash('sha256')
    .update(`${topic} ${JSON.stringify(target)}`)
    .digest('hex')
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20, 32),
  ]
  return `${topicArn(account, topic)}:${parts.join('-')}`
}

function messageFor({ target }: Subscription, { message }: Publication): string {
  if (typeof message === 'string') return message
  const protocol = 'queueArn' in target ? 'sqs' : 'lambda'
  return (Object.hasOwn(message, protocol) ? message[protocol] : message['default']) ?? ''
}

function toNotification(
  { arn, message }: { readonly arn: string; readonly message: string },
  { topic, subject, attributes }: Publication,
  facts: PublicationFacts,
  account: Account,
): Notification {
  const shown = Object.entries(attributes).map(([name, { dataType, value }]) => [
    name,
    {
      Type: dataType,
      Value: typeof value === 'string' ? value : Buffer.from(value).toString('base64'),
    },
  ])
  return {
    ...facts,
    topicArn: topicArn(account, topic),
    subscriptionArn: arn,
    message,
    attributes: Object.fromEntries(shown),
    ...(subject === undefined ? {} : { subject }),
  }
}

/** Raw: the message and its attributes alone. Otherwise all of it as the body. */
function queued(
  { rawDelivery, target }: Subscription,
  notification: Notification,
  { attributes, groupId, deduplicationId }: Publication,
): NewMessage {
  const isFifo = 'queueArn' in target && target.queueArn.endsWith('.fifo')
  return {
    ...(rawDelivery
      ? { body: notification.message, attributes }
      : { body: toSnsEnvelope(notification) }),
    ...(groupId === undefined ? {} : { groupId }),
    ...(isFifo && deduplicationId !== undefined ? { deduplicationId } : {}),
  }
}

/** The last part of an ARN. */
export function nameOf(arn: string): string {
  return arn.slice(arn.lastIndexOf(':') + 1)
}
