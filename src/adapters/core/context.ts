import { DEFAULT_ACCOUNT_ID, functionArn } from '../../model/arn.ts'

/** What a handler does with its context to end the invocation (Node up to 22). */
export interface Completion {
  /** By `performance.now`. */
  readonly deadlineMs: number
  answer(result: unknown): void
  fail(error: unknown): void
}

const REGION = 'us-east-1'

/** What of the context is the same for every invocation. */
export function commonContext(functionName: string): Readonly<Record<string, unknown>> {
  const { AWS_REGION: region = REGION, AWS_LAMBDA_FUNCTION_MEMORY_SIZE: memory = '1024' } =
    process.env
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: functionArn(region, DEFAULT_ACCOUNT_ID, functionName),
    memoryLimitInMB: memory,
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: '[$LATEST]spillway',
    clientContext: undefined,
    identity: undefined,
    tenantId: undefined,
  }
}

/** The context object of Lambda's Node runtime, `done`, `succeed` and `fail` included. */
export function createContext(
  common: Readonly<Record<string, unknown>>,
  requestId: string,
  completion: Completion,
): object {
  return {
    ...common,
    awsRequestId: requestId,
    getRemainingTimeInMillis: () => Math.round(completion.deadlineMs - performance.now()),
    succeed: (result?: unknown) => completion.answer(result),
    fail: (error?: unknown) => completion.fail(error ?? 'handled'),
    done: (error?: unknown, result?: unknown) =>
      error === undefined || error === null ? completion.answer(result) : completion.fail(error),
  }
}
