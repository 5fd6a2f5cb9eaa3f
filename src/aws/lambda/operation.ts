import type { IncomingMessage } from 'node:http'
import type { Answer } from '../answer.ts'
import type { AwsOptions } from '../options.ts'

/** One request to the Lambda API. */
export interface Call {
  readonly request: IncomingMessage
  readonly requestId: string
  /** Aborts when the client leaves before its answer. */
  readonly signal: AbortSignal
  /** `FunctionName` in the path, percent-decoded; empty where the path has none. */
  readonly functionName: string
  readonly query: URLSearchParams
}

/** One operation of the Lambda API. */
export interface Operation {
  readonly name: string
  readonly method: string
  /** As in AWS's model: `/2015-03-31/functions/{FunctionName}/invocations`. */
  readonly path: string
  /** @throws {LambdaError} */
  run(call: Call, options: AwsOptions): Answer | Promise<Answer>
}
