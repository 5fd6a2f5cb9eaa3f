import type { Clock } from '../../lib/clock.ts'
import type { EmbeddedQueues, QueueFacts } from '../../queue/embedded/embedded.ts'
import { isQueueName, toQueueSettings, type QueueSettings } from '../../model/queue-settings.ts'
import { queueArn } from '../../model/arn.ts'
import { missing, noSuchQueue } from './errors.ts'

/** Parameters as a client gave them. */
export type Params = Readonly<Record<string, unknown>>
export type Result = Readonly<Record<string, unknown>>

/** What operations work with. */
export interface SqsContext {
  readonly queues: EmbeddedQueues
  readonly accountId: string
  readonly region: string
  /** What the client called us by: `http://127.0.0.1:3002`. */
  readonly baseUrl: string
  /** Of the request's URL: some clients of the Query protocol name their queue so. */
  readonly path: string
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal
  readonly clock: Clock
  /** When queues were purged last, by name. */
  readonly purgedMs: Map<string, number>
}

export type Operation = (params: Params, context: SqsContext) => Promise<Result> | Result

/** A queue that a request is about. */
export interface Named {
  readonly name: string
  readonly facts: QueueFacts
  readonly settings: QueueSettings
}

/**
 * The queue of `QueueUrl`, or of the URL that was called. Only its last segment counts: it is the same
 * queue through whatever name we are reached.
 * @throws {SqsError} where there is none.
 */
export function queueOf(params: Params, context: SqsContext): Named {
  const url = params['QueueUrl'] ?? (context.path === '/' ? undefined : context.path)
  if (typeof url !== 'string' || url === '') throw missing('QueueUrl')
  return named(url.split('/').at(-1) ?? '', context)
}

/** @throws {SqsError} where there is no queue of this name. */
export function named(name: string, { queues }: SqsContext): Named {
  const facts = isQueueName(name) ? queues.get(name) : undefined
  if (facts === undefined) throw noSuchQueue()
  return { name, facts, settings: toQueueSettings(facts.attributes) }
}

export function urlOf(name: string, { baseUrl, accountId }: SqsContext): string {
  return `${baseUrl}/${accountId}/${name}`
}

export function arnOf(name: string, { region, accountId }: SqsContext): string {
  return queueArn(region, accountId, name)
}
