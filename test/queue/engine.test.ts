import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { RawMessage } from '../../src/queue/embedded/protocol.ts'
import { engineRig, type EngineRig } from './rig.ts'

const DAY_MS = 86_400_000

function bodies(messages: readonly RawMessage[]): string[] {
  return messages.map(({ body }) => body)
}

/** What work that waited was given; undefined while it waits. */
function given(rig: EngineRig, id: number): unknown {
  const reply = rig.late.get(id)
  return reply && ('value' in reply ? reply.value : reply.failure.code)
}

describe('A receive that waits', () => {
  test('has a message in the moment in which it is sent', () => {
    const rig = engineRig()
    rig.define('q')
    const id = rig.begin('receive', 'q', { max: 10, waitMs: 20_000 })
    assert.equal(given(rig, id), undefined)
    rig.send('q', 'a')
    assert.deepEqual(bodies(given(rig, id) as RawMessage[]), ['a'])
  })

  test('is answered with nothing when its time is over, and not before', () => {
    const rig = engineRig()
    rig.define('q')
    const id = rig.begin('receive', 'q', { max: 10, waitMs: 20_000 })
    rig.clock.advance(19_999)
    assert.equal(given(rig, id), undefined)
    rig.clock.advance(1)
    assert.deepEqual(given(rig, id), [])
  })

  test('has what becomes visible again while it waits', () => {
    const rig = engineRig()
    rig.define('q')
    rig.send('q', 'a')
    rig.receive('q', 1, { visibilityTimeoutMs: 5000 })
    const id = rig.begin('receive', 'q', { max: 1, waitMs: 20_000 })
    rig.clock.advance(4999)
    assert.equal(given(rig, id), undefined)
    rig.clock.advance(1)
    const [message] = given(rig, id) as RawMessage[]
    assert.equal(message?.receiveCount, 2)
  })

  test('has what was delayed once its delay is over', () => {
    const rig = engineRig()
    rig.define('q')
    rig.ask('send', 'q', { messages: [{ body: 'a', delayMs: 3000 }] })
    const id = rig.begin('receive', 'q', { max: 1, waitMs: 20_000 })
    rig.clock.advance(3000)
    assert.deepEqual(bodies(given(rig, id) as RawMessage[]), ['a'])
  })

  test('has its turn in the order of coming, and each message goes to one', () => {
    const rig = engineRig()
    rig.define('q')
    const first = rig.begin('receive', 'q', { max: 1, waitMs: 20_000 })
    const second = rig.begin('receive', 'q', { max: 1, waitMs: 20_000 })
    rig.send('q', 'a')
    assert.deepEqual(bodies(given(rig, first) as RawMessage[]), ['a'])
    assert.equal(given(rig, second), undefined)
    rig.send('q', 'b')
    assert.deepEqual(bodies(given(rig, second) as RawMessage[]), ['b'])
  })

  test('takes nothing once it is given up', () => {
    const rig = engineRig()
    rig.define('q')
    const id = rig.begin('receive', 'q', { max: 1, waitMs: 20_000 })
    rig.ask('giveUp', 'q', { workId: id })
    assert.deepEqual(given(rig, id), [])
    rig.send('q', 'a')
    assert.equal(rig.ask('counts', 'q', {}).visible, 1)
  })

  test('has the next of a FIFO group when the one before is deleted', () => {
    const rig = engineRig()
    rig.define('q.fifo', { FifoQueue: 'true', ContentBasedDeduplication: 'true' })
    rig.ask('send', 'q.fifo', {
      messages: [
        { body: '1', groupId: 'g' },
        { body: '2', groupId: 'g' },
      ],
    })
    const [one] = rig.receive('q.fifo', 1)
    const id = rig.begin('receive', 'q.fifo', { max: 10, waitMs: 20_000 })
    assert.equal(given(rig, id), undefined)
    rig.ask('delete', 'q.fifo', { handles: [one?.receiptHandle ?? ''] })
    assert.deepEqual(bodies(given(rig, id) as RawMessage[]), ['2'])
  })

  test('has from a dead-letter queue what another receive moves there', () => {
    const rig = engineRig()
    const deadLetterTargetArn = 'arn:aws:sqs:us-east-1:123456789012:dead'
    rig.define('dead')
    rig.define('q', { RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 1 }) })
    rig.send('q', 'a')
    rig.receive('q', 1, { visibilityTimeoutMs: 0 })
    const id = rig.begin('receive', 'dead', { max: 1, waitMs: 20_000 })
    assert.deepEqual(rig.receive('q'), [])
    assert.deepEqual(bodies(given(rig, id) as RawMessage[]), ['a'])
  })

  test('is told when its queue is removed', () => {
    const rig = engineRig()
    rig.define('q')
    const id = rig.begin('receive', 'q', { max: 1, waitMs: 20_000 })
    rig.ask('remove', 'q', {})
    assert.equal(given(rig, id), 'SPILLWAY_QUEUE_NOT_FOUND')
  })
})

describe('Whoever must have the right to run before it receives', () => {
  test('is told once there are enough, and takes nothing by asking', () => {
    const rig = engineRig()
    rig.define('q')
    const id = rig.begin('ready', 'q', { count: 2, waitMs: Infinity })
    rig.send('q', 'a')
    assert.equal(given(rig, id), undefined)
    rig.send('q', 'b')
    assert.equal(given(rig, id), 2)
    assert.deepEqual(bodies(rig.receive('q')), ['a', 'b'])
  })

  test('is told how many there are when its time is over', () => {
    const rig = engineRig()
    rig.define('q')
    const id = rig.begin('ready', 'q', { count: 2, waitMs: 1000 })
    rig.send('q', 'a')
    rig.clock.advance(1000)
    assert.equal(given(rig, id), 1)
  })

  test('does not count what a FIFO group in flight hides', () => {
    const rig = engineRig()
    rig.define('q.fifo', { FifoQueue: 'true', ContentBasedDeduplication: 'true' })
    const messages = ['1', '2', '3'].map((body) => ({ body, groupId: body === '3' ? 'h' : 'g' }))
    rig.ask('send', 'q.fifo', { messages })
    rig.receive('q.fifo', 1)
    assert.equal(rig.ask('ready', 'q.fifo', { count: 1, waitMs: 0 }), 1)
  })
})

describe('Fairness', () => {
  test('a group with a long backlog delays only itself', () => {
    const rig = engineRig()
    rig.define('q')
    const loud = Array.from({ length: 100 }, (_, i) => ({ body: `loud ${i}`, groupId: 'loud' }))
    rig.ask('send', 'q', { messages: loud })
    rig.receive('q', 10)
    rig.ask('send', 'q', { messages: [{ body: 'quiet 0', groupId: 'quiet' }] })
    rig.ask('send', 'q', { messages: [{ body: 'quiet 1', groupId: 'quiet' }] })
    const next = bodies(rig.receive('q', 4)).map((body) => body.split(' ')[0])
    assert.deepEqual(
      next.toSorted((a, b) => String(a).localeCompare(String(b))),
      ['loud', 'loud', 'quiet', 'quiet'],
    )
  })

  test('a message that fails at once does not stand before all others for ever', () => {
    const rig = engineRig()
    rig.define('q')
    rig.send('q', 'poison', 'a', 'b')
    const seen = new Set<string>()
    for (let i = 0; i < 6; i++) {
      const [message] = rig.receive('q', 1, { visibilityTimeoutMs: 0 })
      seen.add(message?.body ?? '')
    }
    assert.deepEqual([...seen].toSorted(), ['a', 'b', 'poison'])
  })
})

describe('What is old', () => {
  test('is gone after the retention time, in flight or not, and those who lose it are told', () => {
    const rig = engineRig()
    rig.define('q', { MessageRetentionPeriod: '3600' })
    rig.send('q', 'a', 'b')
    rig.receive('q', 1, { visibilityTimeoutMs: DAY_MS })
    rig.clock.advance(3_600_000 + 60_000)
    assert.deepEqual(rig.ask('counts', 'q', {}), { visible: 0, inFlight: 0, delayed: 0 })
    assert.match(rig.troubles.join(), /queue q: 1 messages were older than it keeps them/)
  })

  test('is not received in the time until it is swept away', () => {
    const rig = engineRig()
    rig.define('q', { MessageRetentionPeriod: '90' })
    rig.send('q', 'a')
    rig.clock.advance(89_999)
    assert.equal(rig.receive('q', 1, { visibilityTimeoutMs: 0 }).length, 1)
    rig.clock.advance(1)
    assert.deepEqual(rig.receive('q'), [])
  })

  test('keeps its age in a dead-letter queue', () => {
    const rig = engineRig()
    const deadLetterTargetArn = 'arn:aws:sqs:us-east-1:123456789012:dead'
    rig.define('dead', { MessageRetentionPeriod: '120' })
    rig.define('q', { RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 1 }) })
    rig.send('q', 'a')
    rig.receive('q', 1, { visibilityTimeoutMs: 0 })
    rig.clock.advance(100_000)
    rig.receive('q')
    assert.equal(rig.ask('counts', 'dead', {}).visible, 1)
    rig.clock.advance(20_001)
    assert.deepEqual(rig.receive('dead'), [])
  })

  test('of deduplication is five minutes, across a restart', () => {
    const rig = engineRig()
    rig.define('q.fifo', { FifoQueue: 'true' })
    const messages = [{ body: 'a', groupId: 'g', deduplicationId: 'd' }]
    const [first] = rig.ask('send', 'q.fifo', { messages })
    rig.clock.advance(299_999)
    rig.restart()
    const [same] = rig.ask('send', 'q.fifo', { messages })
    assert.deepEqual(same, first)
    rig.clock.advance(1)
    const [other] = rig.ask('send', 'q.fifo', { messages })
    assert.notEqual(other?.messageId, first?.messageId)
    assert.ok(String(other?.sequenceNumber) > String(first?.sequenceNumber))
  })
})

describe('Sequence numbers', () => {
  test('grow across a restart after everything was deleted', () => {
    const rig = engineRig()
    rig.define('q.fifo', { FifoQueue: 'true' })
    const send = (deduplicationId: string): string =>
      rig.ask('send', 'q.fifo', {
        messages: [{ body: 'a', groupId: 'g', deduplicationId }],
      })[0]?.sequenceNumber ?? ''
    const first = send('1')
    rig.ask('delete', 'q.fifo', { handles: rig.receive('q.fifo').map((m) => m.receiptHandle) })
    rig.restart()
    const second = send('2')
    assert.match(second, /^\d{20}$/)
    assert.ok(second > first)
  })
})

describe('A restart', () => {
  test('shows what this process worked on, and keeps hidden what a client holds', () => {
    const rig = engineRig()
    rig.define('q')
    rig.send('q', 'ours', 'theirs')
    rig.receive('q', 1, { visibilityTimeoutMs: DAY_MS })
    const [theirs] = rig.receive('q', 1, { visibilityTimeoutMs: 60_000, byClient: true })
    rig.restart()
    assert.deepEqual(bodies(rig.receive('q')), ['ours'])
    const handles = [theirs?.receiptHandle ?? '']
    assert.deepEqual(rig.ask('delete', 'q', { handles }), [true])
  })
})

describe('A message that the disk has changed', () => {
  for (const [what, sql] of Object.entries({
    'its body': `UPDATE bodies SET body = replace(body, 'b', 'c')`,
    'an attribute': `UPDATE bodies SET attributes = replace(attributes, '"v"', '"w"')`,
    'its group': `UPDATE messages SET grp = 'h' WHERE grp = 'g'`,
    'its queue': `UPDATE messages SET queue = (SELECT id FROM queues WHERE name = 'other') WHERE grp = 'g'`,
    'its age': 'UPDATE messages SET sent_ms = sent_ms + 1',
  })) {
    test(`is set aside and told of, and never delivered: ${what}`, () => {
      const rig = engineRig()
      rig.define('q')
      rig.define('other')
      const attributes = { a: { dataType: 'String', value: 'v' } }
      rig.ask('send', 'q', { messages: [{ body: 'abba', groupId: 'g', attributes }] })
      rig.db.exec(sql)
      rig.restart()
      const received = [...rig.receive('q'), ...rig.receive('other')]
      assert.deepEqual(received, [])
      assert.equal(rig.troubles.length, 1)
      assert.match(rig.troubles[0] ?? '', /is not what was written/)
      assert.equal(rig.db.prepare('SELECT count(*) AS n FROM corrupt').get()?.['n'], 1)
      assert.deepEqual(rig.receive('q'), [])
      assert.equal(rig.troubles.length, 1, 'told once')
    })
  }
})

describe('A purge', () => {
  test('empties a queue at once, whatever is in flight, and collects by and by', () => {
    const rig = engineRig()
    rig.define('q')
    for (let i = 0; i < 30; i++)
      rig.send('q', ...Array.from({ length: 100 }, (_, j) => `${i} ${j}`))
    const [held] = rig.receive('q', 1)
    rig.ask('purge', 'q', {})
    assert.deepEqual(rig.ask('counts', 'q', {}), { visible: 0, inFlight: 0, delayed: 0 })
    rig.send('q', 'new')
    rig.ask('delete', 'q', { handles: [held?.receiptHandle ?? ''] })
    assert.deepEqual(bodies(rig.receive('q')), ['new'])
    rig.clock.advance(61_000)
    assert.equal(rig.db.prepare('SELECT count(*) AS n FROM bodies').get()?.['n'], 1)
    assert.equal(rig.db.prepare('SELECT count(*) AS n FROM garbage').get()?.['n'], 0)
  })
})

describe('A disk without room', () => {
  test('refuses what is sent, and lets what is there be received and deleted', () => {
    let short = false
    const rig = engineRig({ isShort: () => short, release: () => {}, renew: () => {} })
    rig.define('q')
    rig.send('q', 'a')
    short = true
    assert.throws(() => rig.send('q', 'b'), /the disk of the data directory is full/)
    const [a] = rig.receive('q')
    assert.deepEqual(rig.ask('delete', 'q', { handles: [a?.receiptHandle ?? ''] }), [true])
    short = false
    rig.send('q', 'c')
    assert.deepEqual(bodies(rig.receive('q')), ['c'])
  })
})

describe('A clock that is set', () => {
  test('back does not keep anything hidden longer, at once or after a restart', () => {
    const rig = engineRig()
    rig.define('q')
    rig.send('q', 'a')
    rig.receive('q', 1, { visibilityTimeoutMs: 600_000, byClient: true })
    rig.clock.advance(300_000)
    rig.setWall(-3_600_000)
    rig.restart()
    rig.clock.advance(300_000)
    assert.deepEqual(bodies(rig.receive('q')), ['a'])
  })

  test('forward throws nothing away before it has stayed so', () => {
    const rig = engineRig()
    rig.define('q', { MessageRetentionPeriod: '3600' })
    rig.send('q', 'a')
    rig.setWall(7_200_000)
    rig.clock.advance(120_000)
    assert.equal(rig.ask('counts', 'q', {}).visible, 1)
    rig.clock.advance(700_000)
    assert.equal(rig.ask('counts', 'q', {}).visible, 0)
  })
})
