import type { IncomingHttpHeaders } from 'node:http'
import { traceIdOf } from '../../invoke/headers.ts'
import type { Invocation } from '../../invoke/invocation.ts'
import { jsonAnswer, type Answer } from '../answer.ts'
import { bodyOf } from '../../lib/body.ts'
import { invalidContent, invalidParameter, tooLarge } from './errors.ts'
import { executedBy, type Executed } from './executed.ts'
import { draining, toAnswer } from './invoke-answer.ts'
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
  {
    name: 'InvokeAsync',
    method: 'POST',
    path: '/2014-11-13/functions/{FunctionName}/invoke-async',
    run: invokeAsync,
  },
]

/**
 * A caller may wait this long for its function to begin: as long as Lambda's longest function takes.
 * Whoever has less patience closes the connection, which ends the wait at once.
 */
const WAIT_MS = 900_000

/** AWS's limits of a payload; that of events went from 256 KB to 1 MiB in October 2025. */
const PAYLOAD_BYTES_MAX: Readonly<Record<InvocationType, number>> = {
  RequestResponse: 6_291_456,
  Event: 1_048_576,
  DryRun: 6_291_456,
}
/** AWS's limit, before decoding. */
const CLIENT_CONTEXT_CHARS_MAX = 3583

const EMPTY_EVENT = Buffer.from('{}')

async function invoke(call: Call, context: LambdaContext): Promise<Answer> {
  const type = invocationTypeOf(call.request.headers)
  const parts = await prepare(call, context, type)
  if (type === 'DryRun') return { status: 204 }
  if (type === 'Event') return await accept(call, context, parts)
  const outcome = await context.invoker.invoke(toInvocation(call, context, parts))
  return toAnswer(outcome, parts.executed.version)
}

/** The operation that `InvocationType: Event` has replaced. */
async function invokeAsync(call: Call, context: LambdaContext): Promise<Answer> {
  const answer = await accept(call, context, await prepare(call, context, 'Event'))
  return answer.status === 202 ? jsonAnswer(202, { Status: 202 }) : answer
}

/** Answered once the event is on disk; what becomes of it the caller does not learn. */
async function accept(call: Call, context: LambdaContext, parts: Parts): Promise<Answer> {
  const { payload: _, source: __, ...invocation } = toInvocation(call, context, parts)
  const { id: requestId, functionName, invokedArn, traceId } = invocation
  const { clientContext, tenant, version } = invocation
  const { qualifier } = parts.referred
  const isAccepted = await context.async.accept({
    requestId,
    functionName,
    payload: Buffer.from(parts.json).toString(),
    source: 'event',
    invokedArn,
    executedVersion: parts.executed.version,
    traceId,
    ...(qualifier === undefined ? {} : { qualifier }),
    ...(clientContext === undefined ? {} : { clientContext }),
    ...(tenant === undefined ? {} : { tenant }),
    ...(version === undefined ? {} : { version }),
  })
  return isAccepted ? { status: 202, headers: { 'Content-Length': '0' } } : draining()
}

/** Checks and reads a request to invoke. @throws {LambdaError} */
export async function prepare(
  call: Call,
  context: LambdaContext,
  type: InvocationType,
): Promise<Parts> {
  const referred = findFunction(call, context, LATEST)
  const tenant = tenantOf(call.request.headers)
  const json = await readPayload(call, type)
  return { referred, executed: executedBy(referred, context), tenant, json }
}

/** What a caller wants: the answer, a promise, or to know whether it might. */
export type InvocationType = 'RequestResponse' | 'Event' | 'DryRun'

const TYPES: readonly InvocationType[] = ['Event', 'RequestResponse', 'DryRun']

/** @throws {LambdaError} for one that the operation does not have. */
export function invocationTypeOf(
  { 'x-amz-invocation-type': given = 'RequestResponse' }: IncomingHttpHeaders,
  types: readonly InvocationType[] = TYPES,
): InvocationType {
  const type = types.find((each) => each === given)
  if (type !== undefined) return type
  throw invalidParameter(
    `Value '${String(given)}' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [${types.join(', ')}]`,
  )
}

/** The bytes as they came; the handler of a call without payload gets `{}`. */
async function readPayload({ request }: Call, type: InvocationType): Promise<Uint8Array> {
  const lengthMax = PAYLOAD_BYTES_MAX[type]
  const { length, bytes } = await bodyOf(request, lengthMax)
  if (bytes === undefined) throw tooLarge(length, type, lengthMax)
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
