import { setTimeout as after } from 'node:timers/promises'
import type { Client } from './client.ts'
import type { JobResult } from './etl.ts'
import type { Job } from './traffic.ts'

const DONE = 'flood-dev-done'
const BATCH = 10
const WAIT_S = 20

/**
 * Sends every job to the queue of its function, once, and reads what was done from another queue, until
 * all are.
 * @throws {Error} when a queue does not take or give.
 */
export async function queueJobs(
  aws: Client,
  jobs: readonly Job[],
  { startMs }: { readonly startMs: number },
): Promise<JobResult[]> {
  const results = new Map<number, JobResult>()
  const sent = jobs.map(async ({ id, atMs, functionName, ms }) => {
    await after(startMs + atMs - performance.now())
    const MessageBody = JSON.stringify({ job: id, ms })
    await call(aws, 'SendMessage', { QueueUrl: urlOf(functionName), MessageBody })
  })
  const QueueUrl = urlOf(DONE)
  while (results.size < jobs.length) {
    const taken = await call(aws, 'ReceiveMessage', {
      QueueUrl,
      MaxNumberOfMessages: BATCH,
      WaitTimeSeconds: WAIT_S,
    })
    const { Messages = [] } = taken as { readonly Messages?: readonly Message[] }
    const doneMs = performance.now() - startMs
    for (const { Body } of Messages) {
      const { job: id } = JSON.parse(Body) as { readonly job: number }
      results.set(id, { id, doneMs, throttledMs: [], failures: 0 })
    }
    if (Messages.length === 0) continue
    const Entries = Messages.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle }))
    await call(aws, 'DeleteMessageBatch', { QueueUrl, Entries })
  }
  await Promise.all(sent)
  return jobs.flatMap(({ id }) => results.get(id) ?? [])
}

interface Message {
  readonly Body: string
  readonly ReceiptHandle: string
}

/** SQS reads the name at the end, and nothing else. */
function urlOf(queue: string): string {
  return `http://127.0.0.1/123456789012/${queue}`
}

async function call(aws: Client, operation: string, parameters: object): Promise<unknown> {
  const { status, body } = await aws.send('POST', '/', JSON.stringify(parameters), {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': `AmazonSQS.${operation}`,
  })
  if (status !== 200) throw new Error(`${operation} was answered ${status}: ${body}`)
  return JSON.parse(body === '' ? '{}' : body) as unknown
}
