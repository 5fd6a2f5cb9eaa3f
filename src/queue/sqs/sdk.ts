import { SpillwayError } from '../../lib/errors.ts'

export type Sdk = typeof import('@aws-sdk/client-sqs')

/** AWS's client for SQS. @throws {SpillwayError} SPILLWAY_USAGE where it is not installed. */
export async function loadSdk(): Promise<Sdk> {
  try {
    return await import('@aws-sdk/client-sqs')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    const message =
      '`queues: aws` needs the package @aws-sdk/client-sqs: npm install @aws-sdk/client-sqs'
    throw new SpillwayError('SPILLWAY_USAGE', message, { cause: error })
  }
}
