import { setTimeout as after } from 'node:timers/promises'
import type { Client } from './client.ts'
import { between, createRandom } from './random.ts'
import type { Scenario } from './scenario.ts'
import type { Job } from './traffic.ts'

/** What became of one job. Times are milliseconds since the users began to come. */
export interface JobResult {
  readonly id: number
  readonly doneMs: number
  /** When it was refused with a 429. */
  readonly throttledMs: readonly number[]
  /** Answers that were neither 200 nor 429; it was sent again all the same. */
  readonly failures: number
}

/**
 * Invokes every job over the Lambda API, and sends a refused one again, until all are done.
 * @throws {Error} when there is no answer.
 */
export async function driveJobs(
  aws: Client,
  jobs: readonly Job[],
  { scenario, startMs }: { readonly scenario: Scenario; readonly startMs: number },
): Promise<JobResult[]> {
  return await Promise.all(
    jobs.map(async (job) => {
      await after(startMs + job.atMs - performance.now())
      return await finish(aws, job, scenario, startMs)
    }),
  )
}

async function finish(
  aws: Client,
  job: Job,
  { seed, retryMs }: Scenario,
  startMs: number,
): Promise<JobResult> {
  const random = createRandom(seed + job.id)
  const throttledMs: number[] = []
  let failures = 0
  const path = `/2015-03-31/functions/${job.functionName}/invocations`
  for (;;) {
    const reply = await aws.send('POST', path, JSON.stringify({ job: job.id, ms: job.ms }))
    const nowMs = performance.now() - startMs
    if (reply.status === 200) return { id: idOf(reply.body), doneMs: nowMs, throttledMs, failures }
    if (reply.status === 0) throw new Error(`job ${job.id} got no answer: ${reply.body}`)
    if (reply.status === 429) throttledMs.push(nowMs)
    else failures++
    await after(between(random, retryMs))
  }
}

/** As the handler says it, so that a mixed-up answer shows. */
function idOf(body: string): number {
  return (JSON.parse(body) as { job: number }).job
}
