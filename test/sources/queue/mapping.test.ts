import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { until } from '../../support/until.ts'
import { bodiesIn } from '../../support/queues.ts'
import { arnOf, FIFO, FUNCTION, openQueueRig, redrive, untilEmpty, type QueueRig } from './rig.ts'

const Q = arnOf('q')

function texts(count: number): { body: string }[] {
  return Array.from({ length: count }, (_, i) => ({ body: `m${i}` }))
}

/** The bodies of each call. */
function batches(rig: QueueRig): string[][] {
  return rig.calls().map(({ Records }) => (Records as { body: string }[]).map(({ body }) => body))
}

describe('A mapping', () => {
  test('has its function run what its queue holds, in batches, and deletes it', async (t) => {
    const rig = await openQueueRig(t, { sources: [{ queueArn: Q, batchSize: 4 }] })
    await rig.queues.send('q', texts(10))
    await untilEmpty(rig, 'q')
    const seen = batches(rig)
    assert.deepEqual(
      seen.flat().sort(),
      texts(10)
        .map(({ body }) => body)
        .sort(),
    )
    assert.ok(seen.every((batch) => batch.length <= 4))
    assert.deepEqual(rig.troubles, [])
  })

  test('that is not enabled receives nothing', async (t) => {
    const rig = await openQueueRig(t, {
      sources: [{ queueArn: Q, enabled: false }, { queueArn: arnOf('other') }],
    })
    await rig.queues.send('q', texts(1))
    await rig.queues.send('other', texts(1))
    await untilEmpty(rig, 'other')
    assert.deepEqual(await bodiesIn(rig.queues, 'q'), ['m0'])
  })

  test('of a throttled function leaves its messages untouched, however few receives they have', async (t) => {
    const rig = await openQueueRig(t, {
      queues: { q: redrive(1), dead: {} },
      limits: { functions: { [FUNCTION]: { group: 'shop', maxConcurrency: 1 } } },
      handler: `if (bodies[0] === 'm0') while (!existsSync(at('go'))) await after(5)`,
      sources: [{ queueArn: Q, batchSize: 1 }],
    })
    await rig.queues.send('q', texts(30))
    await until('the first to run', () => rig.calls().length === 1)
    assert.equal((await rig.queues.counts('q')).visible, 29)
    writeFileSync(join(rig.folder, 'go'), '')
    await untilEmpty(rig, 'q')
    assert.deepEqual(await bodiesIn(rig.queues, 'dead'), [])
    const counts = rig.calls().map(({ Records }) => receiveCountOf(Records))
    assert.deepEqual(new Set(counts), new Set(['1']))
    assert.equal(counts.length, 30)
  })

  test('of a throttled function dead-letters none of ten thousand messages, of which each has one receive', async (t) => {
    const rig = await openQueueRig(t, {
      queues: { q: redrive(1), dead: {} },
      limits: { functions: { [FUNCTION]: { group: 'shop', maxConcurrency: 1 } } },
      sources: [{ queueArn: Q }],
    })
    // Throttled nearly all the time: others have the only slot.
    const others = new AbortController()
    const throttling = (async () => {
      while (!others.signal.aborted) await rig.invoke({}, { functionName: FUNCTION })
    })()
    for (let i = 0; i < 100; i++) await rig.queues.send('q', texts(100))
    await untilEmpty(rig, 'q')
    others.abort()
    await throttling
    const { visible, inFlight } = await rig.queues.counts('dead')
    assert.deepEqual([visible, inFlight], [0, 0])
    const handled = rig
      .calls()
      .reduce((sum, { Records }) => sum + ((Records as unknown[] | undefined)?.length ?? 0), 0)
    assert.equal(handled, 10_000)
  })

  test('holds no permit while its queue is empty, nor while its window is open', async (t) => {
    const rig = await openQueueRig(t, { sources: [{ queueArn: Q, windowMs: 300, batchSize: 3 }] })
    await rig.queues.send('q', texts(1))
    assert.equal(rig.snapshot(FUNCTION).inUse, 0)
    await rig.queues.send('q', texts(2))
    await untilEmpty(rig, 'q')
    assert.deepEqual(
      batches(rig).map((batch) => batch.length),
      [3],
    )
    await until('its slot to be free', () => rig.snapshot(FUNCTION).inUse === 0)
  })

  test('runs a batch that is not full once its window is over', async (t) => {
    const rig = await openQueueRig(t, { sources: [{ queueArn: Q, windowMs: 50, batchSize: 100 }] })
    await rig.queues.send('q', texts(25))
    await untilEmpty(rig, 'q')
    assert.deepEqual(
      batches(rig).map((batch) => batch.length),
      [25],
    )
  })

  test('never has a batch of more than six megabytes', async (t) => {
    const rig = await openQueueRig(t, { sources: [{ queueArn: Q }] })
    const body = 'x'.repeat(1024 * 1024)
    await rig.queues.send(
      'q',
      Array.from({ length: 10 }, () => ({ body })),
    )
    await untilEmpty(rig, 'q')
    const sizes = rig.calls().map((event) => Buffer.byteLength(JSON.stringify(event)))
    assert.ok(
      sizes.every((size) => size <= 6_291_456),
      String(sizes),
    )
    const counts = rig
      .calls()
      .flatMap(({ Records }) => (Records as unknown[]).map((r) => receiveCountOf([r])))
    assert.deepEqual(
      counts,
      Array.from({ length: 10 }, () => '1'),
    )
  })

  test('keeps to its own maximum', async (t) => {
    const rig = await openQueueRig(t, {
      handler: `while (!existsSync(at('go'))) await after(5)`,
      sources: [{ queueArn: Q, batchSize: 1, maxConcurrency: 2 }],
    })
    await rig.queues.send('q', texts(6))
    await until('two to run', () => rig.calls().length === 2)
    assert.equal(rig.snapshot(FUNCTION).inUse, 2)
    assert.equal((await rig.queues.counts('q')).visible, 4)
    writeFileSync(join(rig.folder, 'go'), '')
    await untilEmpty(rig, 'q')
  })

  test('keeps the order within a group, and runs groups beside one another', async (t) => {
    const rig = await openQueueRig(t, {
      handler: `await after(Math.random() * 10)`,
      sources: [{ queueArn: arnOf('q.fifo'), batchSize: 2 }],
    })
    const groups = ['a', 'b', 'c']
    const messages = Array.from({ length: 30 }, (_, i) => ({
      body: `${groups[i % 3]}${Math.floor(i / 3)}`,
      groupId: groups[i % 3] ?? '',
    }))
    await rig.queues.send('q.fifo', messages)
    await untilEmpty(rig, 'q.fifo')
    const order = batches(rig).flat()
    for (const group of groups) {
      const own = order.filter((body) => body.startsWith(group))
      assert.deepEqual(
        own,
        Array.from({ length: 10 }, (_, i) => `${group}${i}`),
      )
    }
  })
})

describe('What failed', () => {
  test('comes again, and alone where the function says which it was', async (t) => {
    const rig = await openQueueRig(t, {
      queues: { q: redrive(3), dead: {} },
      handler: `return { batchItemFailures: Records.filter(({ body }) => body === 'm1').map(({ messageId }) => ({ itemIdentifier: messageId })) }`,
      sources: [{ queueArn: Q, partialFailures: true }],
    })
    await rig.queues.send('q', texts(3))
    await until('the dead letter', async () => (await rig.queues.counts('dead')).visible === 1)
    assert.deepEqual(await bodiesIn(rig.queues, 'dead'), ['m1'])
    assert.deepEqual(batches(rig), [['m0', 'm1', 'm2'], ['m1'], ['m1']])
  })

  test('does not take its batch along when it takes its environment', async (t) => {
    const rig = await openQueueRig(t, {
      queues: { q: redrive(1), dead: {} },
      handler: `if (bodies.includes('m3')) process.exit(1)`,
      sources: [{ queueArn: Q }],
    })
    await rig.queues.send('q', texts(10))
    await until('the dead letter', async () => (await rig.queues.counts('dead')).visible > 0)
    await untilEmpty(rig, 'q')
    assert.deepEqual(await bodiesIn(rig.queues, 'dead'), ['m3'])
  })

  test('runs alone from then on, whatever else there is', async (t) => {
    const rig = await openQueueRig(t, {
      queues: { q: redrive(3), dead: {} },
      handler: `if (bodies.includes('m3')) process.exit(1)`,
      sources: [{ queueArn: Q }],
    })
    await rig.queues.send('q', texts(5))
    await until('it to be found out', () => batches(rig).some((batch) => batch.join() === 'm3'))
    for (let i = 0; i < 5; i++) await rig.queues.send('q', [{ body: 'other' }])
    await until('the dead letter', async () => (await rig.queues.counts('dead')).visible > 0)
    await untilEmpty(rig, 'q')
    assert.deepEqual(await bodiesIn(rig.queues, 'dead'), ['m3'])
    const [first = [], ...later] = batches(rig).filter((batch) => batch.includes('m3'))
    assert.ok(first.length > 1)
    assert.deepEqual(new Set(later.map(({ length }) => length)), new Set([1]))
  })

  test('lets nothing of its group go before it, and does not take along what is behind it', async (t) => {
    const rig = await openQueueRig(t, {
      queues: { 'q.fifo': { ...redrive(1, 'dead.fifo'), ...FIFO }, 'dead.fifo': FIFO },
      handler: `if (bodies.includes('a1')) process.exit(1)`,
      sources: [{ queueArn: arnOf('q.fifo') }],
    })
    const groupId = 'a'
    await rig.queues.send(
      'q.fifo',
      [0, 1, 2, 3].map((i) => ({ body: `a${i}`, groupId })),
    )
    await until('the dead letter', async () => (await rig.queues.counts('dead.fifo')).visible > 0)
    await untilEmpty(rig, 'q.fifo')
    assert.deepEqual(await bodiesIn(rig.queues, 'dead.fifo'), ['a1'])
    const [together, ...rest] = batches(rig)
    assert.deepEqual(together, ['a0', 'a1', 'a2', 'a3'])
    assert.deepEqual(rest, [['a0'], ['a1'], ['a2', 'a3']])
  })

  test('stays hidden as long as its function runs, however short its timeout is', async (t) => {
    const rig = await openQueueRig(t, {
      queues: { q: { VisibilityTimeout: '1' } },
      handler: `await after(2500)`,
      sources: [{ queueArn: Q }],
    })
    await rig.queues.send('q', texts(1))
    await untilEmpty(rig, 'q')
    assert.equal(rig.calls().length, 1)
  })
})

describe('A mapping that stops', () => {
  test('receives nothing more, and finishes what runs', async (t) => {
    const rig = await openQueueRig(t, {
      handler: `while (!existsSync(at('go'))) await after(5)`,
      limits: { functions: { [FUNCTION]: { group: 'shop', maxConcurrency: 1 } } },
      sources: [{ queueArn: Q, batchSize: 1 }],
    })
    await rig.queues.send('q', texts(3))
    await until('the first to run', () => rig.calls().length === 1)
    await rig.mappings.stop()
    writeFileSync(join(rig.folder, 'go'), '')
    await rig.mappings.idle()
    const { visible, inFlight } = await rig.queues.counts('q')
    assert.deepEqual([visible, inFlight], [2, 0])
    assert.deepEqual(await bodiesIn(rig.queues, 'q'), ['m1', 'm2'])
  })
})

function receiveCountOf(records: unknown): unknown {
  const [{ attributes }] = records as [{ attributes: Record<string, string> }]
  return attributes['ApproximateReceiveCount']
}
