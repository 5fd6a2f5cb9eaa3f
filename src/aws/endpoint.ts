import { randomUUID } from 'node:crypto'
import type { Caller } from '../invoke/invocation.ts'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { SignatureCheck } from '../auth/sigv4.ts'
import { isFromForeignPage, isLoopbackHost } from '../auth/origin.ts'
import { send, type Answer } from './answer.ts'
import { createLambdaApi, type LambdaApi } from './lambda/api.ts'
import { errorAnswer, foreignCaller, internalError } from './lambda/errors.ts'
import { callEvents, EVENTS_TARGET } from './events/api.ts'
import { notServed } from './not-served.ts'
import type { AwsOptions } from './options.ts'
import { refuseUnsigned, signatureCheck } from './signed.ts'
import { queryOf } from './query.ts'
import { S3_WEBHOOK_PATH, takeS3Events } from './s3-webhook.ts'
import { callSns } from './sns/api.ts'
import { callSqsJson, callSqsQuery, isSqsForm, SQS_TARGET } from './sqs/api.ts'
import { sqsContext } from './sqs/context.ts'
import type { SqsContext } from './sqs/operation.ts'

/** Every Lambda path begins with the date of the API's version. */
const LAMBDA_PATH = /^\/\d{4}-\d\d-\d\d\//

/**
 * The AWS endpoint: what AWS clients talk to through `AWS_ENDPOINT_URL_*` or `--endpoint-url`. All
 * services share one address and are told apart as AWS's gateways do: by path, `X-Amz-Target` or
 * `Action`. Where it has keys, every request must be signed with one of them; without any it answers
 * callers on this machine only. No web page gets an answer either way.
 */
export function createAwsEndpoint(
  options: AwsOptions,
): (request: IncomingMessage, response: ServerResponse) => void {
  const services = { ...options, lambda: createLambdaApi(options), purgedMs: new Map() }
  const check = signatureCheck(options)
  return (request, response) => {
    const requestId = randomUUID()
    refuse(check, request, requestId)
      .then(async (refusal) => {
        return refusal ?? (await answer(services, requestId, request, response))
      })
      .catch((error: unknown) => {
        // The client has left; nobody is there to be answered.
        if (!request.complete) return undefined
        options.onError?.(error)
        return errorAnswer(internalError())
      })
      .then((result) => {
        if (result !== undefined) send(response, requestId, result)
      })
      .catch((error: unknown) => options.onError?.(error))
  }
}

async function refuse(
  check: SignatureCheck | undefined,
  request: IncomingMessage,
  requestId: string,
): Promise<Answer | undefined> {
  const { headers } = request
  // Reads too: a query of the older services is a GET, and may change something.
  const isStrange = check === undefined && !isLoopbackHost(headers)
  if (isStrange || isFromForeignPage(headers)) return errorAnswer(foreignCaller())
  return check === undefined ? undefined : await refuseUnsigned(check, request, requestId)
}

interface Services extends AwsOptions {
  readonly lambda: LambdaApi
  readonly purgedMs: SqsContext['purgedMs']
}

async function answer(
  services: Services,
  requestId: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Answer> {
  const { headers, url = '/' } = request
  if (headers['x-amz-target'] === undefined && LAMBDA_PATH.test(url)) {
    return await services.lambda({ request, response, requestId, caller: callerOf(response) })
  }
  const sqs = sqsContext(request, response, services, services.purgedMs)
  return await callOther(services, requestId, request, sqs)
}

async function callOther(
  { notifications, clock }: Services,
  requestId: string,
  request: IncomingMessage,
  sqs: SqsContext,
): Promise<Answer> {
  const target = request.headers['x-amz-target']
  if (request.url === S3_WEBHOOK_PATH) return await takeS3Events(request, notifications, clock)
  if (typeof target === 'string') {
    if (target.startsWith(SQS_TARGET)) return await callSqsJson(request, target, sqs)
    const isEvents = target.startsWith(EVENTS_TARGET)
    const called = isEvents
      ? await callEvents(request, target, { notifications, clock })
      : undefined
    return called ?? notServed(request, requestId, null)
  }
  const query = await queryOf(request)
  if (query === undefined) return notServed(request, requestId, null)
  if (isSqsForm(query, sqs.path)) return await callSqsQuery(query, requestId, sqs)
  const called = await callSns(query, requestId, notifications)
  return called ?? notServed(request, requestId, query.get('Action'))
}

function callerOf(response: ServerResponse): Caller {
  const caller: Caller = { waiting: undefined }
  response.once('close', () => {
    if (response.writableFinished) return
    caller.left = true
    caller.waiting?.cancel()
  })
  return caller
}
