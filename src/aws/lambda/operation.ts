import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Caller } from '../../invoke/invocation.ts'
import type { Answer } from '../answer.ts'
import type { AwsOptions } from '../options.ts'
import type { Registry } from './registry.ts'

/** One request to the Lambda API. */
export interface Call {
  readonly request: IncomingMessage
  /** For what does not fit into an `Answer`: once its headers are sent, the answer is not. */
  readonly response: ServerResponse
  readonly requestId: string
  readonly caller: Caller
  /** `FunctionName` in the path, percent-decoded; empty where the path has none. */
  readonly functionName: string
  /** `Name` in the path: an alias. Empty where the path has none. */
  readonly aliasName: string
  readonly query: URLSearchParams
}

/** What operations work on. */
export interface LambdaContext extends AwsOptions {
  readonly registry: Registry
}

/** One operation of the Lambda API. */
export interface Operation {
  readonly name: string
  readonly method: string
  /** As in AWS's model: `/2015-03-31/functions/{FunctionName}/invocations`. */
  readonly path: string
  /** A parameter that tells it from the next operation of the same method and path. */
  readonly query?: string
  /** @throws {LambdaError} */
  run(call: Call, context: LambdaContext): Answer | Promise<Answer>
}
