import type { IncomingMessage } from 'node:http'
import { bodyOf } from '../../lib/body.ts'
import { SpillwayError } from '../../lib/errors.ts'
import type { Answer } from '../answer.ts'
import { attributeOperations } from './attributes.ts'
import {
  internalFailure,
  jsonError,
  malformedJson,
  noSuchQueue,
  SqsError,
  unknownOperation,
  xmlError,
} from './errors.ts'
import type { Operation, Params, Result, SqsContext } from './operation.ts'
import { fromForm } from './query-form.ts'
import { xmlResult } from './query-xml.ts'
import { queueOperations } from './queues.ts'
import { receiveOperations } from './receive.ts'
import { sendOperations } from './send.ts'
import { settleOperations } from './settle.ts'
import { tagOperations } from './tags.ts'

const OPERATIONS: Readonly<Record<string, Operation>> = {
  ...queueOperations,
  ...attributeOperations,
  ...tagOperations,
  ...sendOperations,
  ...receiveOperations,
  ...settleOperations,
}

/** What stands before the operation in `X-Amz-Target`. */
export const SQS_TARGET = 'AmazonSQS.'
/** Which API a form speaks to. */
const QUERY_VERSION = '2012-11-05'
/** A megabyte of messages, six bytes for each where all of it is escaped, and what is around it. */
const JSON_BYTES_MAX = 8 * 1024 * 1024

/** SQS in AWS JSON 1.0. */
export async function callSqsJson(
  request: IncomingMessage,
  target: string,
  context: SqsContext,
): Promise<Answer> {
  const name = target.slice(SQS_TARGET.length)
  try {
    const params = paramsOf((await bodyOf(request, JSON_BYTES_MAX)).bytes)
    const body = JSON.stringify(await run(name, params, context))
    return { status: 200, headers: { 'Content-Type': 'application/x-amz-json-1.0' }, body }
  } catch (error) {
    return jsonError(toSqsError(error))
  }
}

/** Whether a form is SQS's: of its version, or called at a queue's URL. */
export function isSqsForm(form: URLSearchParams, path: string): boolean {
  const version = form.get('Version')
  const isKnown = Object.hasOwn(OPERATIONS, form.get('Action') ?? '')
  return version === QUERY_VERSION || (version === null && (isKnown || path !== '/'))
}

/** SQS in the Query protocol. */
export async function callSqsQuery(
  form: URLSearchParams,
  requestId: string,
  context: SqsContext,
): Promise<Answer> {
  const name = form.get('Action') ?? ''
  try {
    return xmlResult(name, await run(name, fromForm(name, form), context), requestId)
  } catch (error) {
    return xmlError(toSqsError(error), requestId)
  }
}

async function run(name: string, params: Params, context: SqsContext): Promise<Result> {
  const operation = Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : undefined
  if (operation === undefined) throw unknownOperation(name)
  return await operation(params, context)
}

function paramsOf(bytes: Buffer | undefined): Params {
  if (bytes === undefined) throw malformedJson()
  if (bytes.length === 0) return {}
  try {
    const value: unknown = JSON.parse(bytes.toString())
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Params
  } catch {
    // Said below.
  }
  throw malformedJson()
}

/** @throws {unknown} what is no refusal, and no failure of the queues: a bug of ours. */
function toSqsError(error: unknown): SqsError {
  if (error instanceof SqsError) return error
  if (!SpillwayError.is(error)) throw error
  if (error.code === 'SPILLWAY_QUEUE_NOT_FOUND') return noSuchQueue()
  return internalFailure(error.message)
}
