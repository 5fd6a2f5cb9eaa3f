import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Clock } from '../../src/lib/clock.ts'
import { openEmbeddedQueues, type EmbeddedQueues } from '../../src/queue/embedded/embedded.ts'

/** The embedded queues in a folder of the test's own; on a clock of its own where one is given. */
export async function openQueues(
  t: TestContext,
  queues: Readonly<Record<string, Readonly<Record<string, string>>>> = {},
  clock?: Clock,
): Promise<EmbeddedQueues> {
  const directory = mkdtempSync(join(tmpdir(), 'spillway-queues-'))
  const opened = await openEmbeddedQueues({
    directory,
    senderId: '123456789012',
    arnOf: (name) => `arn:aws:sqs:us-east-1:123456789012:${name}`,
    onTrouble: (sentence) => t.diagnostic(sentence),
    onBroken: (error) => t.diagnostic(error.message),
    ...(clock === undefined ? {} : { clock }),
  })
  t.after(async () => {
    await opened.close()
    rmSync(directory, { recursive: true })
  })
  for (const [name, attributes] of Object.entries(queues)) {
    await opened.define(name, { attributes, tags: {} })
  }
  return opened
}

/** The bodies of all that a queue holds, seen or unseen, without changing it. */
export async function bodiesIn(queues: EmbeddedQueues, queue: string): Promise<string[]> {
  const taken = []
  for (;;) {
    const some = await queues.receive(queue, { max: 10, waitMs: 0 })
    if (some.length === 0) break
    taken.push(...some)
  }
  const handles = taken.map(({ receiptHandle }) => receiptHandle)
  await queues.putBack(queue, handles)
  return taken.map(({ body }) => body)
}
