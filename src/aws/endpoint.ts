import { randomUUID } from 'node:crypto'
import type { Caller } from '../invoke/invocation.ts'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isFromForeignPage, isLoopbackHost } from '../auth/origin.ts'
import { send, type Answer } from './answer.ts'
import { createLambdaApi, type LambdaApi } from './lambda/api.ts'
import { errorAnswer, foreignCaller, internalError } from './lambda/errors.ts'
import { callEvents, EVENTS_TARGET } from './events/api.ts'
import { notServed } from './not-served.ts'
import type { AwsOptions } from './options.ts'
import { queryOf } from './query.ts'
import { S3_WEBHOOK_PATH, takeS3Events } from './s3-webhook.ts'
import { callSns } from './sns/api.ts'

/** Every Lambda path begins with the date of the API's version. */
const LAMBDA_PATH = /^\/\d{4}-\d\d-\d\d\//

/**
 * The AWS endpoint: what AWS clients talk to through `AWS_ENDPOINT_URL_*` or `--endpoint-url`. All
 * services share one address and are told apart as AWS's gateways do: by path, `X-Amz-Target` or
 * `Action`. Signatures are not checked, so it answers callers on this machine only, and no web page.
 */
export function createAwsEndpoint(
  options: AwsOptions,
): (request: IncomingMessage, response: ServerResponse) => void {
  const lambda = createLambdaApi(options)
  return (request, response) => {
    const requestId = randomUUID()
    answer({ ...options, lambda }, requestId, request, response)
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

interface Services extends AwsOptions {
  readonly lambda: LambdaApi
}

async function answer(
  services: Services,
  requestId: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Answer> {
  const { headers, url = '/' } = request
  // Reads too: a query of the older services is a GET, and may change something.
  if (!isLoopbackHost(headers) || isFromForeignPage(headers)) return errorAnswer(foreignCaller())
  if (headers['x-amz-target'] === undefined && LAMBDA_PATH.test(url)) {
    return await services.lambda({ request, response, requestId, caller: callerOf(response) })
  }
  return await callOther(services, requestId, request)
}

async function callOther(
  { notifications, clock }: Services,
  requestId: string,
  request: IncomingMessage,
): Promise<Answer> {
  const target = request.headers['x-amz-target']
  if (request.url === S3_WEBHOOK_PATH) return await takeS3Events(request, notifications, clock)
  if (typeof target === 'string') {
    const isEvents = target.startsWith(EVENTS_TARGET)
    const called = isEvents
      ? await callEvents(request, target, { notifications, clock })
      : undefined
    return called ?? notServed(request, requestId, null)
  }
  const query = await queryOf(request)
  const called = query && (await callSns(query, requestId, notifications))
  return called ?? notServed(request, requestId, query?.get('Action') ?? null)
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
