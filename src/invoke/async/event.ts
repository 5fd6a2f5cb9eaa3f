import type { Message, NewMessage } from '../../queue/queue.ts'
import type { BackgroundSource } from '../invocation.ts'

/** What a function is to be invoked with when it can be, and nobody waits for. */
export interface AsyncEvent {
  /** A UUID; every try has the same. */
  readonly requestId: string
  readonly functionName: string
  /** JSON text. */
  readonly payload: string
  readonly source: BackgroundSource
  /** Exactly as the caller named the function. */
  readonly invokedArn: string
  /** The qualifier in it: which configuration holds. */
  readonly qualifier?: string
  /** `$LATEST`, or a version's number. */
  readonly executedVersion: string
  /** The version or alias whose provisioned concurrency it may use. */
  readonly version?: string
  readonly tenant?: string
  readonly traceId: string
  readonly clientContext?: string
}

/** The queue that an event waits in: what shares a queue shares its turn and its limits. */
export function queueOf({ functionName, version, tenant }: Lane): string {
  const parts = [functionName, version ?? '', tenant ?? ''].map(encodeURIComponent)
  return `${PREFIX}${parts.join('/')}`
}

/** What decides which limits an event meets. */
export type Lane = Pick<AsyncEvent, 'functionName' | 'version' | 'tenant'>

/** No queue of a user's can be named so: SQS takes letters, digits, `-` and `_`. */
const PREFIX = 'async/'

/** Whose events a queue holds; undefined where it is a queue of the users'. */
export function laneOf(queue: string): Lane | undefined {
  if (!queue.startsWith(PREFIX)) return undefined
  const parts = queue.slice(PREFIX.length).split('/').map(decodeURIComponent)
  const [functionName = '', version = '', tenant = ''] = parts
  return {
    functionName,
    ...(version === '' ? {} : { version }),
    ...(tenant === '' ? {} : { tenant }),
  }
}

/** The payload is the message; the rest is written beside it. */
export function toMessage({ payload, ...rest }: AsyncEvent): NewMessage {
  const about = { dataType: 'String', value: JSON.stringify(rest) }
  return { body: payload, attributes: { [ABOUT]: about } }
}

export function fromMessage({ body, attributes = {} }: Message): AsyncEvent {
  const about = String(attributes[ABOUT]?.value)
  // We wrote it, and the queue checks that it is what was written.
  return { ...(JSON.parse(about) as Omit<AsyncEvent, 'payload'>), payload: body }
}

const ABOUT = 'spillway'
