import type { IncomingMessage } from 'node:http'
import type { Caller } from '../../invoke/invocation.ts'
import type { Answer } from '../answer.ts'
import type { AwsOptions } from '../options.ts'

/** One request to the Lambda API. */
export interface Call {
  readonly request: IncomingMessage
  readonly requestId: string
  readonly caller: Caller
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
