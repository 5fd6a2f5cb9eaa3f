import type { AwsKey } from '../auth/aws-keys.ts'
import type { Notifications } from '../bus/notifications.ts'
import type { Clock } from '../lib/clock.ts'
import type { LimitsControl } from '../gate/limits/limits.ts'
import type { AsyncInvokes } from '../invoke/async/async-invokes.ts'
import type { Invoker } from '../invoke/invocation.ts'
import type { App } from '../model/app.ts'
import type { EmbeddedQueues } from '../queue/embedded/embedded.ts'
import type { MappingsControl } from '../queue/mappings.ts'

/** What the AWS endpoint speaks for. */
export interface AwsOptions {
  /** The App that is served now: a reload puts another in its place. */
  readonly app: () => App
  readonly invoker: Invoker
  readonly limits: LimitsControl
  /** Of `InvocationType: Event`. */
  readonly async: Pick<AsyncInvokes, 'accept' | 'configs'>
  readonly mappings: MappingsControl
  /** What the SQS API is about. */
  readonly queues: EmbeddedQueues
  /** The node stops: nobody is to wait for messages any longer. */
  readonly stopping: AbortSignal
  /** Whether there is a queue of this name. */
  readonly hasQueue: (name: string) => boolean | Promise<boolean>
  /** Of a function's environments; undefined where there is no such function. */
  readonly warmth: (functionName: string) => Warmth | undefined
  /** Takes what is put on buses, published to topics and told of buckets. */
  readonly notifications: Notifications
  readonly clock: Clock
  /** Who may call it, each request signed. Default: anybody on this machine, unsigned or not. */
  readonly awsKeys?: readonly AwsKey[]
  /** At least 0, less than 1: which version a weighted alias leads to. Default `Math.random`. */
  readonly random?: () => number
  /** A bug of ours met by a request, which was answered with a 500. Default: nobody is told. */
  readonly onError?: (error: unknown) => void
}

/** How far the environments are that are to be kept warm. */
export interface Warmth {
  /** Environments that are ready, idle or busy. */
  readonly ready: number
  /** None can be started now. */
  readonly failing: boolean
}
