import type { IncomingMessage } from 'node:http'
import type { Notifications } from '../../bus/notifications.ts'
import { bodyOf } from '../../lib/body.ts'
import type { Clock } from '../../lib/clock.ts'
import { jsonAnswer, type Answer } from '../answer.ts'
import { EventBridgeError } from './errors.ts'
import { putEvents } from './put-events.ts'
import { testEventPattern } from './test-event-pattern.ts'

/** What `X-Amz-Target` of EventBridge begins with. */
export const EVENTS_TARGET = 'AWSEvents.'

export interface EventsContext {
  readonly notifications: Pick<Notifications, 'putEvent'>
  readonly clock: Pick<Clock, 'wallMs'>
}

type Operation = (input: Input, context: EventsContext) => unknown

/** The members of a request's body, not checked yet. */
export type Input = Readonly<Record<string, unknown>>

const OPERATIONS: Readonly<Record<string, Operation>> = {
  PutEvents: putEvents,
  TestEventPattern: testEventPattern,
}

/** Many times what ten entries may have. */
const BODY_BYTES_MAX = 4 * 1024 * 1024

/** EventBridge's API, AWS JSON 1.1: putting events. Undefined for what is not served. */
export async function callEvents(
  request: IncomingMessage,
  target: string,
  context: EventsContext,
): Promise<Answer | undefined> {
  const name = target.slice(EVENTS_TARGET.length)
  const operation = Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : undefined
  if (operation === undefined) return undefined
  try {
    return toAnswer(200, await operation(await inputOf(request), context))
  } catch (error) {
    if (!(error instanceof EventBridgeError)) throw error
    const { code, message } = error
    const answer = toAnswer(400, { __type: code, message })
    return { ...answer, headers: { ...answer.headers, 'x-amzn-ErrorType': code } }
  }
}

function toAnswer(status: number, value: unknown): Answer {
  return {
    ...jsonAnswer(status, value),
    headers: { 'Content-Type': 'application/x-amz-json-1.1' },
  }
}

async function inputOf(request: IncomingMessage): Promise<Input> {
  const { bytes } = await bodyOf(request, BODY_BYTES_MAX)
  if (bytes === undefined) throw EventBridgeError.tooLarge()
  try {
    const input: unknown = JSON.parse(bytes.toString())
    if (typeof input === 'object' && input !== null) return input as Input
  } catch {
    // As for anything that is no object.
  }
  throw new EventBridgeError('SerializationException', 'The request is no JSON object.')
}
