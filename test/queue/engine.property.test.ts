import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { QueueModel, type ModelQueue } from './model.ts'
import { engineRig, type EngineRig } from './rig.ts'

const RUNS = Number(process.env['QUEUE_RUNS'] ?? 300)

const QUEUES = {
  plain: { fifo: false, delayMs: 0, visibilityMs: 30_000, maxReceiveCount: 2, target: 'dead' },
  dead: { fifo: false, delayMs: 0, visibilityMs: 30_000 },
  'line.fifo': {
    fifo: true,
    delayMs: 0,
    visibilityMs: 30_000,
    maxReceiveCount: 2,
    target: 'dead.fifo',
  },
  'dead.fifo': { fifo: true, delayMs: 5000, visibilityMs: 20_000 },
} satisfies Record<string, ModelQueue>

type Name = keyof typeof QUEUES

function attributesOf({ fifo, delayMs, visibilityMs, ...is }: ModelQueue): Record<string, string> {
  const deadLetterTargetArn = `arn:aws:sqs:us-east-1:123456789012:${is.target}`
  const { maxReceiveCount } = is
  return {
    DelaySeconds: String(delayMs / 1000),
    VisibilityTimeout: String(visibilityMs / 1000),
    ...(fifo ? { FifoQueue: 'true' } : {}),
    ...(maxReceiveCount === undefined
      ? {}
      : { RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount }) }),
  }
}

const anyName = fc.constantFrom(...(Object.keys(QUEUES) as Name[]))
const aSecondOrSo = fc.constantFrom(0, 1000, 5000, 20_000, 30_000)

const command = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('send' as const),
      name: anyName,
      group: fc.constantFrom(undefined, 'a', 'b', 'c'),
      dedup: fc.nat(6),
      delayMs: fc.constantFrom(undefined, 0, 5000),
      count: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('receive' as const),
      name: anyName,
      max: fc.integer({ min: 1, max: 5 }),
      visibilityMs: fc.option(aSecondOrSo, { nil: undefined }),
      ours: fc.boolean(),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom('delete' as const, 'put back' as const),
      name: anyName,
      which: fc.nat(),
      timeoutMs: fc.constant(0),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('change' as const),
      name: anyName,
      which: fc.nat(),
      timeoutMs: aSecondOrSo,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('advance' as const),
      ms: fc.constantFrom(1, 1000, 5000, 20_000, 30_000, 299_999),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('restart' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('purge' as const), name: anyName }) },
)

type Command = typeof command extends fc.Arbitrary<infer T> ? T : never

/** The engine and the model, side by side. */
interface Both {
  readonly rig: EngineRig
  readonly model: QueueModel
  /** Every handle there has been. */
  readonly handles: { readonly name: Name; readonly handle: string }[]
  bodies: number
}

function openBoth(): Both {
  const rig = engineRig()
  for (const [name, is] of Object.entries(QUEUES)) rig.define(name, attributesOf(is))
  const model = new QueueModel(QUEUES, () => rig.clock.wallMs())
  return { rig, model, handles: [], bodies: 0 }
}

function apply(both: Both, given: Command): void {
  const { rig, model } = both
  switch (given.kind) {
    case 'send':
      for (let i = 0; i < given.count; i++) send(both, given, given.dedup + i)
      return
    case 'receive':
      return receive(both, given)
    case 'advance':
      return rig.clock.advance(given.ms)
    case 'restart':
      rig.restart()
      return model.restart()
    case 'purge':
      rig.ask('purge', given.name, {})
      return model.purge(given.name)
    case 'delete':
    case 'put back':
    case 'change':
      return settle(both, given)
  }
}

/** With a handle that there has been, whether it still holds or not. */
function settle({ rig, model, handles }: Both, given: Extract<Command, { which: number }>): void {
  const { name, which, timeoutMs } = given
  const known = handles.filter((each) => each.name === name)
  const handle = known[which % Math.max(1, known.length)]?.handle
  if (handle === undefined) return
  if (given.kind === 'delete') {
    rig.ask('delete', name, { handles: [handle] })
    model.delete(name, handle)
  } else if (given.kind === 'put back') {
    rig.ask('putBack', name, { handles: [handle] })
    model.putBack(name, handle)
  } else {
    const changes = [{ receiptHandle: handle, timeoutMs }]
    const [was] = rig.ask('changeVisibility', name, { changes })
    assert.equal(was, model.change(name, handle, timeoutMs), 'was in flight')
  }
}

function send(both: Both, given: Command & { kind: 'send' }, dedup: number): void {
  const { rig, model } = both
  const body = String(++both.bodies)
  const { fifo } = QUEUES[given.name]
  const group = given.group ?? (fifo ? 'd' : undefined)
  const { delayMs } = given
  const message = {
    body,
    ...(group === undefined ? {} : { groupId: group }),
    ...(fifo ? { deduplicationId: String(dedup) } : {}),
    ...(delayMs === undefined ? {} : { delayMs }),
  }
  rig.ask('send', given.name, { messages: [message] })
  model.send(given.name, {
    body,
    dedup: String(dedup),
    ...(group === undefined ? {} : { group }),
    ...(delayMs === undefined ? {} : { delayMs }),
  })
}

function receive({ rig, model, handles }: Both, given: Command & { kind: 'receive' }): void {
  const { name, max, visibilityMs, ours } = given
  const messages = rig.receive(name, max, {
    byClient: !ours,
    ...(visibilityMs === undefined ? {} : { visibilityTimeoutMs: visibilityMs }),
  })
  const expected = model.receive(name, max, visibilityMs, ours)
  assert.deepEqual(
    messages.map(({ body }) => body),
    expected,
    'received',
  )
  for (const { body, receiptHandle, receiveCount } of messages) {
    assert.equal(receiveCount, model.received(name, body, receiptHandle), 'receive count')
    handles.push({ name, handle: receiptHandle })
  }
}

describe('The engine', () => {
  test(`does what its model does, whatever happens (${RUNS} histories)`, () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60, size: 'max' }), (commands) => {
        const both = openBoth()
        for (const each of commands) {
          apply(both, each)
          for (const queue of Object.keys(QUEUES)) {
            const { oldestMs: _, ...counts } = both.rig.ask('counts', queue, {})
            assert.deepEqual(counts, both.model.counts(queue), `counts of ${queue}`)
          }
        }
        assert.deepEqual(both.rig.troubles, [])
        both.rig.db.close()
      }),
      { numRuns: RUNS },
    )
  })
})
