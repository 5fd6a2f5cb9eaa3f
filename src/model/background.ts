import type { Place } from '../lib/errors.ts'

/** A queue that exists as soon as the server does. SQS's words; its defaults where nothing is said. */
export interface QueueDefinition {
  /** Ends in `.fifo` where it is a FIFO queue. */
  readonly name: string
  readonly service: string
  readonly place: Place
  /** SQS's attributes by name, as strings: `VisibilityTimeout`, `RedrivePolicy`, … */
  readonly attributes: Readonly<Record<string, string>>
  readonly tags: Readonly<Record<string, string>>
}

/** What a queue's messages are given to, and how: an event source mapping. */
export interface QueueSource {
  /** Its UUID's seed, and its name in limits: the function's key and the queue's name. */
  readonly name: string
  /** Deployed name. */
  readonly functionName: string
  /** The version or alias that is named as invoked. Default: none. */
  readonly qualifier?: string
  readonly queueArn: string
  readonly enabled: boolean
  /** 1–10 000; above 10 only with a window. */
  readonly batchSize: number
  readonly windowMs: number
  /** `ReportBatchItemFailures`: only what the function names comes again. */
  readonly partialFailures: boolean
  /** Filter criteria, each a pattern as JSON; messages that match none are deleted. Empty: all match. */
  readonly filterPatterns: readonly string[]
  /** SQS's `MaximumConcurrency`, 2–1000. */
  readonly maxConcurrency?: number
  readonly place: Place
}

/** What causes invocations at set times. */
export interface Schedule {
  /** Unique for a function; a rule of several targets is one schedule for each. */
  readonly name: string
  readonly functionName: string
  /** `rate(5 minutes)`, `cron(0 12 * * ? *)`, `at(2026-12-24T18:00:00)`. */
  readonly expression: string
  /** EventBridge rules know no zones: UTC. EventBridge Scheduler: an IANA name. */
  readonly kind: 'rule' | 'scheduler'
  readonly timeZone: string
  readonly enabled: boolean
  /** JSON that the function receives instead of the event. */
  readonly input?: string
  /** A part of the event instead of all of it, as a JSON path. */
  readonly inputPath?: string
  readonly inputTransformer?: InputTransformer
  /** EventBridge Scheduler: not before and not after these, in milliseconds since 1970. */
  readonly startMs?: number
  readonly endMs?: number
  readonly place: Place
}

/** Values taken from an event, and the text they are put into. */
export interface InputTransformer {
  readonly inputPathsMap: Readonly<Record<string, string>>
  readonly inputTemplate: string
}

/** What becomes of a function's async invocations. */
export interface AsyncConfig {
  /** 0–2. Default 2. */
  readonly retryAttempts: number
  /** 60–21 600 s. Default 21 600 s. */
  readonly eventAgeMaxMs: number
  /** ARNs of queues, topics, functions or event buses. */
  readonly onSuccess?: string
  readonly onFailure?: string
  /** ARN of a queue or a topic; older than `onFailure`, and told another thing. */
  readonly deadLetter?: string
  /** Never started twice, at the price of being lost where a server dies with it. Default `at-least-once`. */
  readonly delivery: 'at-least-once' | 'at-most-once'
}

/** What holds for a function that says nothing of its events. */
export const DEFAULT_ASYNC: AsyncConfig = {
  retryAttempts: 2,
  eventAgeMaxMs: 21_600_000,
  delivery: 'at-least-once',
}

/** A rule of an event bus: what matches goes to the function. */
export interface EventRule {
  readonly name: string
  readonly bus: string
  /** An event pattern, as JSON. */
  readonly pattern: string
  readonly functionName: string
  readonly enabled: boolean
  readonly input?: string
  readonly inputPath?: string
  readonly inputTransformer?: InputTransformer
  readonly place: Place
}

/** A topic that can be published to, with or without anybody who listens. */
export interface TopicDefinition {
  /** Ends in `.fifo` where it is a FIFO topic. */
  readonly name: string
  /** FIFO: messages with the same text are the same message. */
  readonly contentBasedDeduplication: boolean
  readonly place: Place
}

/** A function, or a queue, that receives what is published to a topic. */
export interface Subscription {
  /** Its name. */
  readonly topic: string
  readonly target: { readonly functionName: string } | { readonly queueArn: string }
  /** A filter policy as JSON, and what it looks at. */
  readonly filterPolicy?: string
  readonly filterScope: 'MessageAttributes' | 'MessageBody'
  /** Queues only: the message alone, without its envelope. */
  readonly rawDelivery: boolean
  readonly place: Place
}

/** A function that receives the notifications of a bucket. */
export interface BucketNotification {
  readonly bucket: string
  readonly functionName: string
  /** `s3:ObjectCreated:*`, … */
  readonly events: readonly string[]
  readonly prefix: string
  readonly suffix: string
  readonly place: Place
}
