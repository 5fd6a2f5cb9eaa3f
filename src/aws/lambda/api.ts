import type { IncomingMessage } from 'node:http'
import type { Answer } from '../answer.ts'
import type { AwsOptions } from '../options.ts'
import { accountOperations } from './account.ts'
import { aliasOperations } from './aliases.ts'
import { concurrencyOperations } from './concurrency.ts'
import { errorAnswer, LambdaError, operationNotServed } from './errors.ts'
import { eventInvokeConfigOperations } from './event-invoke-config.ts'
import { eventSourceMappingOperations } from './event-source-mappings.ts'
import { functionOperations } from './functions.ts'
import { invokeStreamOperations } from './invoke-stream.ts'
import { invokeOperations } from './invoke.ts'
import type { Call, Operation } from './operation.ts'
import { provisionedOperations } from './provisioned.ts'
import { createRegistry } from './registry.ts'
import { scalingOperations } from './scaling.ts'
import { versionOperations } from './versions.ts'

/** Answers one request whose path is of the Lambda API. */
export type LambdaApi = (
  call: Pick<Call, 'request' | 'response' | 'requestId' | 'caller'>,
) => Promise<Answer>

/** The most frequent first. */
const OPERATIONS: readonly Operation[] = [
  ...invokeOperations,
  ...invokeStreamOperations,
  ...functionOperations,
  ...concurrencyOperations,
  ...provisionedOperations,
  ...scalingOperations,
  ...versionOperations,
  ...aliasOperations,
  ...eventSourceMappingOperations,
  ...eventInvokeConfigOperations,
  ...accountOperations,
]

const ROUTES = OPERATIONS.map((operation) => ({ operation, pattern: toPattern(operation.path) }))

export function createLambdaApi(options: AwsOptions): LambdaApi {
  const context = { ...options, registry: createRegistry(options.clock) }
  return async (call) => {
    try {
      const { operation, ...found } = route(call.request)
      return await operation.run({ ...call, ...found }, context)
    } catch (error) {
      if (error instanceof LambdaError) return errorAnswer(error.failure)
      throw error
    }
  }
}

interface Routed extends Pick<Call, 'functionName' | 'aliasName' | 'query'> {
  readonly operation: Operation
}

function route({ method = 'GET', url = '/' }: IncomingMessage): Routed {
  const at = url.indexOf('?')
  const path = at === -1 ? url : url.slice(0, at)
  const query = new URLSearchParams(at === -1 ? '' : url.slice(at + 1))
  for (const { operation, pattern } of ROUTES) {
    const match = operation.method === method ? pattern.exec(path) : null
    if (match === null) continue
    if (operation.query !== undefined && !query.has(operation.query)) continue
    const [, functionName = '', aliasName = ''] = match
    return { operation, query, functionName: decode(functionName), aliasName: decode(aliasName) }
  }
  throw operationNotServed(method, path)
}

/** A name that cannot be decoded is left as it is: it is none, and the operation says so. */
function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

function toPattern(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/\{\w+\}/g, '([^/]+)')}/?$`)
}
