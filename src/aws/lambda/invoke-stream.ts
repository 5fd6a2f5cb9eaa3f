import type { ServerResponse } from 'node:http'
import { onceDrained } from '../../lib/drained.ts'
import type { Outcome, ResponseStream } from '../../invoke/invocation.ts'
import type { Answer } from '../answer.ts'
import { encodeEvent, EVENT_STREAM } from './event-stream.ts'
import { malformedResult, toAnswer } from './invoke-answer.ts'
import { invocationTypeOf, prepare, toInvocation } from './invoke.ts'
import type { Call, LambdaContext, Operation } from './operation.ts'

export const invokeStreamOperations: readonly Operation[] = [
  {
    name: 'InvokeWithResponseStream',
    method: 'POST',
    path: '/2021-11-15/functions/{FunctionName}/response-streaming-invocations',
    run: invokeWithResponseStream,
  },
]

/** The answer that has gone out by itself. */
const SENT: Answer = { status: 200 }

async function invokeWithResponseStream(call: Call, context: LambdaContext): Promise<Answer> {
  const type = invocationTypeOf(call.request.headers, ['RequestResponse', 'DryRun'])
  const parts = await prepare(call, context, type)
  if (type === 'DryRun') return { status: 204 }
  const { version } = parts.executed
  const events = new EventStream(call.response, {
    'x-amzn-RequestId': call.requestId,
    'X-Amz-Executed-Version': version,
  })
  const invocation = { ...toInvocation(call, context, parts), stream: events }
  const outcome = await context.invoker.invoke(invocation).catch((error: unknown) => {
    // No answer can follow what has gone out.
    if (call.response.headersSent) call.response.destroy()
    throw error
  })
  // What did not begin is an error of the API, as for Invoke.
  if (!isOfFunction(outcome)) return toAnswer(outcome, version)
  events.end(outcome)
  return SENT
}

type OfFunction = Exclude<Outcome, { status: 'throttled' | 'platform_error' | 'cancelled' }>

function isOfFunction(outcome: Outcome): outcome is OfFunction {
  const { status } = outcome
  return status !== 'throttled' && status !== 'platform_error' && status !== 'cancelled'
}

/** A response as events: `PayloadChunk` for each piece, then `InvokeComplete` with what went wrong. */
class EventStream implements ResponseStream {
  readonly #response: ServerResponse
  readonly #headers: Readonly<Record<string, string>>

  constructor(response: ServerResponse, headers: Readonly<Record<string, string>>) {
    this.#response = response
    this.#headers = headers
  }

  start(): void {
    const response = this.#response
    if (response.headersSent || response.destroyed) return
    response.writeHead(200, {
      'Content-Type': EVENT_STREAM,
      ...this.#headers,
      'x-spillway-handler-started': '1',
    })
    response.flushHeaders()
  }

  write(bytes: Uint8Array): boolean {
    // A client that has left takes nothing any more; the function goes on, as on Lambda.
    if (this.#response.destroyed) return true
    return this.#response.write(encodeEvent('PayloadChunk', 'application/octet-stream', bytes))
  }

  onDrain(resume: () => void): void {
    onceDrained(this.#response, resume)
  }

  /** The last event. The result of a handler that does not stream is one piece before it. */
  end(outcome: OfFunction): void {
    this.start()
    if (outcome.status === 'ok' && outcome.result.kind === 'json') this.write(outcome.result.json)
    if (this.#response.destroyed) return
    const complete = JSON.stringify(completionOf(outcome))
    this.#response.end(encodeEvent('InvokeComplete', 'application/json', complete))
  }
}

/** Absent members are absent: SDKs take an `ErrorCode` for an error, whatever it is. */
function completionOf(outcome: OfFunction): Record<string, string> {
  const { logTail } = outcome
  return {
    ...errorOf(outcome),
    ...(logTail === undefined ? {} : { LogResult: Buffer.from(logTail).toString('base64') }),
  }
}

function errorOf(outcome: OfFunction): Record<string, string> {
  switch (outcome.status) {
    case 'ok':
      return {}
    case 'malformed':
      return {
        ErrorCode: 'Runtime.MalformedHandlerResponse',
        ErrorDetails: malformedResult(outcome.reason),
      }
    case 'function_error':
    case 'timeout':
    case 'interrupted': {
      const { errorType, json } = outcome.error
      return { ErrorCode: errorType, ErrorDetails: Buffer.from(json).toString() }
    }
  }
}
