import type { IncomingHttpHeaders } from 'node:http'
import { traceIdOf } from '../../invoke/headers.ts'
import type { Invocation } from '../../invoke/invocation.ts'
import type { Answer } from '../answer.ts'
import { bodyOf } from '../../lib/body.ts'
import { invalidContent, invalidParameter, tooLarge } from './errors.ts'
import { executedBy, type Executed } from './executed.ts'
import { toAnswer } from './invoke-answer.ts'
import type { Call, LambdaContext, Operation } from './operation.ts'
import { findFunction, type Referred } from './reference.ts'
import { LATEST } from './registry.ts'
import { tenantOf } from './tenant.ts'

export const invokeOperations: readonly Operation[] = [
  {
    name: 'Invoke',
    method: 'POST',
    path: '/2015-03-31/functions/{FunctionName}/invocations',
    run: invoke,
  },
]

/**
 * A caller may wait this long for its function to begin: as long as Lambda's longest function takes.
 * Whoever has less patience closes the connection, which ends the wait at once.
 */
const WAIT_MS = 900_000

/** AWS's limit of a synchronous payload. */
const PAYLOAD_BYTES_MAX = 6_291_456
/** AWS's limit, before decoding. */
const CLIENT_CONTEXT_CHARS_MAX = 3583

const EMPTY_EVENT = Buffer.from('{}')

async function invoke(call: Call, context: LambdaContext): Promise<Answer> {
  const parts = await prepare(call, context)
  if (parts === undefined) return { status: 204 }
  const outcome = await context.invoker.invoke(toInvocation(call, context, parts))
  return toAnswer(outcome, parts.executed.version)
}

/** Checks and reads a request to invoke; undefined where checking was all it asked for. @throws {LambdaError} */
export async function prepare(call: Call, context: LambdaContext): Promise<Parts | undefined> {
  const referred = findFunction(call, context, LATEST)
  const dryRun = isDryRun(call.request.headers)
  const tenant = tenantOf(call.request.headers)
  const json = await readPayload(call)
  if (dryRun) return undefined
  return { referred, executed: executedBy(referred, context), tenant, json }
}

function isDryRun({
  'x-amz-invocation-type': type = 'RequestResponse',
}: IncomingHttpHeaders): boolean {
  switch (type) {
    case 'RequestResponse':
      return false
    case 'DryRun':
      return true
    case 'Event':
      throw invalidParameter('InvocationType Event is not served by Spillway yet')
    default:
      throw invalidParameter(
        `Value '${String(type)}' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]`,
      )
  }
}

/** The bytes as they came; the handler of a call without payload gets `{}`. */
async function readPayload({ request }: Call): Promise<Uint8Array> {
  const { length, bytes } = await bodyOf(request, PAYLOAD_BYTES_MAX)
  if (bytes === undefined) throw tooLarge(length, 'RequestResponse', PAYLOAD_BYTES_MAX)
  if (length === 0) return EMPTY_EVENT
  try {
    JSON.parse(bytes.toString())
  } catch (error) {
    throw invalidContent(
      `Could not parse request body into json: Could not parse payload into json: ${(error as Error).message}`,
    )
  }
  return bytes
}

/** What a request to invoke says. */
export interface Parts {
  readonly referred: Referred
  readonly executed: Executed
  readonly tenant: string | undefined
  readonly json: Uint8Array
}

export function toInvocation(
  { request: { headers }, requestId, caller }: Call,
  { clock }: LambdaContext,
  { referred: { fn, arn }, executed: { provisioned }, tenant, json }: Parts,
): Invocation {
  const clientContext = clientContextOf(headers)
  return {
    id: requestId,
    functionName: fn.name,
    payload: { kind: 'json', json },
    source: 'invoke',
    deadlineMs: clock.nowMs() + WAIT_MS,
    invokedArn: arn,
    traceId: traceIdOf(headers['x-amzn-trace-id'], requestId, clock.wallMs()),
    ...(clientContext === undefined ? {} : { clientContext }),
    ...(tenant === undefined ? {} : { tenant }),
    ...(provisioned === undefined ? {} : { version: provisioned }),
    tail: headers['x-amz-log-type'] === 'Tail',
    caller,
  }
}

function clientContextOf({
  'x-amz-client-context': given,
}: IncomingHttpHeaders): string | undefined {
  if (typeof given !== 'string' || given === '') return undefined
  const text = Buffer.from(given, 'base64').toString()
  if (given.length > CLIENT_CONTEXT_CHARS_MAX || !isJsonObject(text)) {
    throw invalidContent('Client context must be a valid Base64-encoded JSON object.')
  }
  return text
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}
