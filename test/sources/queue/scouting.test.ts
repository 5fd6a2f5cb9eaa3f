import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { Queues } from '../../../src/queue/queue.ts'
import { bodiesIn } from '../../support/queues.ts'
import { until } from '../../support/until.ts'
import { arnOf, FUNCTION, openQueueRig, untilEmpty } from './rig.ts'

/** A queue as SQS is: only who receives learns what is in it, and nothing is put back unseen. */
function asSqs(queues: Queues): Queues {
  const sqs: Queues = {
    ...queues,
    putBack: async (queue, handles) => {
      const changes = handles.map((receiptHandle) => ({ receiptHandle, timeoutMs: 0 }))
      await sqs.changeVisibility(queue, changes)
    },
  }
  delete sqs.ready
  return sqs
}

const Q = arnOf('q')

function texts(count: number): { body: string }[] {
  return Array.from({ length: count }, (_, i) => ({ body: `m${i}` }))
}

describe('A mapping of a queue that cannot be looked into', () => {
  test('has its function run all of it', async (t) => {
    const rig = await openQueueRig(t, { through: asSqs, sources: [{ queueArn: Q }] })
    await rig.queues.send('q', texts(35))
    await untilEmpty(rig, 'q')
    const seen = rig
      .calls()
      .flatMap(({ Records }) => (Records as { body: string }[]).map(({ body }) => body))
    assert.deepEqual(
      seen.sort(),
      texts(35)
        .map(({ body }) => body)
        .sort(),
    )
  })

  test('collects a batch until its window is over', async (t) => {
    const sources = [{ queueArn: Q, batchSize: 20, windowMs: 1000 }]
    const rig = await openQueueRig(t, { through: asSqs, sources })
    for (const message of texts(12)) await rig.queues.send('q', [message])
    await untilEmpty(rig, 'q')
    const [{ Records } = {}] = rig.calls()
    assert.equal((Records as unknown[]).length, 12)
  })

  test('keeps what it received while its function is throttled, hidden, and received once', async (t) => {
    let extensions = 0
    const counted = (queues: Queues): Queues => ({
      ...asSqs(queues),
      async changeVisibility(queue, changes) {
        extensions++
        return await queues.changeVisibility(queue, changes)
      },
    })
    const rig = await openQueueRig(t, {
      through: counted,
      queues: { q: { VisibilityTimeout: '1' } },
      limits: { functions: { [FUNCTION]: { group: 'shop', maxConcurrency: 1 } } },
      handler: `if (bodies[0] === 'first') while (!existsSync(at('go'))) await after(5)`,
      sources: [{ queueArn: Q, batchSize: 1 }],
    })
    await rig.queues.send('q', [{ body: 'first' }])
    await until('the first to run', () => rig.calls().length === 1)
    await rig.queues.send('q', [{ body: 'second' }])
    await until('the second to stand in line', () => rig.snapshot(FUNCTION).waiting.batch > 0)
    const before = extensions
    // Both are held: that is three times for each, of half a second.
    await until('it to be hidden for longer', () => extensions >= before + 6)
    assert.equal((await rig.queues.counts('q')).visible, 0)
    writeFileSync(join(rig.folder, 'go'), '')
    await untilEmpty(rig, 'q')
    const counts = rig.calls().map(({ Records }) => (Records as Received[])[0]?.attributes)
    assert.deepEqual(
      counts.map((each) => each?.ApproximateReceiveCount),
      ['1', '1'],
    )
  })

  test('gives back what it kept when it stops', async (t) => {
    const rig = await openQueueRig(t, {
      through: asSqs,
      limits: { functions: { [FUNCTION]: { group: 'shop', maxConcurrency: 1 } } },
      handler: `while (!existsSync(at('go'))) await after(5)`,
      sources: [{ queueArn: Q, batchSize: 1 }],
    })
    await rig.queues.send('q', texts(3))
    await until('one to run', () => rig.calls().length === 1)
    await until('the next to stand in line', () => rig.snapshot(FUNCTION).waiting.batch > 0)
    await rig.mappings.stop()
    writeFileSync(join(rig.folder, 'go'), '')
    await rig.mappings.idle()
    assert.equal((await bodiesIn(rig.queues, 'q')).length, 2)
  })
})

interface Received {
  readonly attributes: { readonly ApproximateReceiveCount: string }
}
