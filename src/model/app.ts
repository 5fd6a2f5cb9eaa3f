import type { Place, Problem } from '../lib/errors.ts'
import type {
  AsyncConfig,
  BucketNotification,
  EventRule,
  QueueDefinition,
  QueueSource,
  Schedule,
  Subscription,
  TopicDefinition,
} from './background.ts'
import type { Authorizer } from './authorizer.ts'
import type {
  Cors,
  OnRedisDown,
  ListenerRule,
  Preflight,
  RequestValidation,
  Throttle,
  UsagePlan,
} from './front-rules.ts'
import type { LimitsConfig } from './limits.ts'

/** Everything Spillway runs, as read from the manifests: one account of one or more services. */
export interface App {
  /** Twelve digits; what ARNs and event payloads name. */
  readonly accountId: string
  readonly region: string
  readonly stage: string
  readonly services: readonly Service[]
  /** The functions of all services; names are unique. */
  readonly functions: readonly FunctionDefinition[]
  readonly apis: readonly HttpApi[]
  readonly limits: LimitsConfig
  /** Proxies whose `X-Forwarded-For` is believed: addresses or CIDR ranges. Default: none. */
  readonly trustedProxies: readonly string[]
  /** Where processes share rate limits: `redis://…`. Default: each has its own. */
  readonly redis?: string
  /** What becomes of rate limits while Redis is down. Default `local`. */
  readonly onRedisDown?: OnRedisDown
  /** `inherit`: functions get the AWS credentials of the server's own environment (`start` only). Default `none`. */
  readonly credentials: 'none' | 'inherit'
  /** Interpreters kept started, and without a function yet, for each kind that is in use. Default 1. */
  readonly spares: number
  /** Where queues are: `aws` is SQS itself, of which `start` receives and `dev` never. Default `embedded`. */
  readonly queues?: 'embedded' | 'aws'
  /** Causes of invocations beside requests. Default: none. */
  readonly background?: Background
  /** What was read but is not served, one line each. Never the reason for a refusal. */
  readonly notes: readonly Problem[]
  /** Every file that was read, absolute: what `dev` watches beside the handlers. */
  readonly files: readonly string[]
}

/** What works without anybody waiting for it. */
export interface Background {
  readonly queues: readonly QueueDefinition[]
  readonly queueSources: readonly QueueSource[]
  readonly schedules: readonly Schedule[]
  readonly rules: readonly EventRule[]
  /** Those that are declared; others exist where somebody is subscribed to them. */
  readonly topics?: readonly TopicDefinition[]
  readonly subscriptions: readonly Subscription[]
  readonly bucketNotifications: readonly BucketNotification[]
  /** By deployed function name. */
  readonly asyncConfigs: Readonly<Record<string, AsyncConfig>>
}

/** One manifest: a stack in AWS's words, and the default group of its functions. */
export interface Service {
  readonly name: string
  /** The manifest's folder, absolute: working directory and LAMBDA_TASK_ROOT of its functions. */
  readonly directory: string
  /** The manifest as the user named it, for messages. */
  readonly manifest: string
}

/** A deployed function. */
export interface FunctionDefinition {
  /** The deployed name, as on AWS: `leads-dev-postLead`. */
  readonly name: string
  /** Its key in the manifest: `postLead`. */
  readonly key: string
  readonly service: string
  /** AWS's identifier: `nodejs22.x`, `python3.13`, `provided.al2023`. */
  readonly runtime: string
  /** `dir/module.export`, as in the manifest. */
  readonly handler: string
  /** Absolute; where the handler is resolved and what its process starts in. */
  readonly taskRoot: string
  readonly timeoutMs: number
  readonly memoryMb: number
  readonly description: string
  /** What the manifest sets; the platform's own variables come on top. */
  readonly environment: Readonly<Record<string, string>>
  readonly tags: Readonly<Record<string, string>>
  /** `JSON` for structured lines, as `LoggingConfig.LogFormat`. */
  readonly logFormat: 'Text' | 'JSON'
  /** How many invocations one environment runs at the same time. Default 1, as on Lambda. */
  readonly environmentConcurrency: number
  /** Folders whose content the function sees in `/opt`, in the order of the manifest; absolute. */
  readonly layers: readonly string[]
  readonly place: Place
}

/** One API Gateway API, Function URL or target group of a load balancer with its routes. */
export interface HttpApi {
  /** Lower-case letters and digits, stable for a service; what AWS would draw at random, and the first label of a host name. */
  readonly id: string
  readonly service: string
  readonly front: 'rest' | 'httpapi' | 'function-url' | 'alb'
  /** `dev`, or `$default`. */
  readonly stage: string
  /** What the handler receives. REST is always `1.0`. */
  readonly payload: '1.0' | '2.0'
  readonly routes: readonly HttpRoute[]
  readonly binaryMediaTypes: readonly string[]
  readonly stageVariables: Readonly<Record<string, string>>
  /** `stream`: what a streaming handler writes goes out as it is written (`RESPONSE_STREAM`). Default `buffered`. */
  readonly responseMode?: 'buffered' | 'stream'
  /** Values accepted in `x-api-key` by routes with `apiKeyRequired`. */
  readonly apiKeys: readonly string[]
  /**
   * What may stand before its paths: a custom domain's mapping (`/v1`), or where a Function URL is
   * served (`/_url/hello`). Default: nothing.
   */
  readonly basePath?: string
  /** Answered by the front end itself (HTTP APIs, Function URLs). */
  readonly cors?: Cors
  /** Answered by the front end itself (REST). */
  readonly preflights?: readonly Preflight[]
  readonly usagePlans?: readonly UsagePlan[]
  /** Load balancers only: headers and query come as lists of values. */
  readonly multiValueHeaders?: boolean
}

/** One route of an API, to one function. */
export interface HttpRoute {
  /** Upper case, or `ANY`. */
  readonly method: string
  /** `/lead/{leadId}`, `/{proxy+}`, or `$default` (HTTP APIs). */
  readonly path: string
  /** Deployed name. */
  readonly functionName: string
  /**
   * How long the front end waits for the function: 29 s on REST, 30 s on HTTP APIs. Function URLs and
   * load balancers wait as long as it runs.
   */
  readonly timeoutMs: number
  readonly apiKeyRequired: boolean
  readonly authorizer?: Authorizer
  /** Of this route alone: its own, or the stage's. */
  readonly throttle?: Throttle
  readonly validation?: RequestValidation
  /** Instead of the API's. */
  readonly responseMode?: 'buffered' | 'stream'
  /** Load balancers only; without one it takes everything. Method and path are then for people. */
  readonly rule?: ListenerRule
  readonly place: Place
}
