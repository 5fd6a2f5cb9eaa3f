import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { queueOf } from '../../../src/invoke/async/event.ts'
import { bodiesIn } from '../../support/queues.ts'
import { until } from '../../support/until.ts'
import { ARN, openAsyncRig, queueArn, WORKER, type AsyncRig } from './rig.ts'

const QUEUE = queueOf({ functionName: WORKER })
const OFF = {
  functions: { [WORKER]: { group: 'shop', reservedConcurrency: 0 }, next: { group: 'shop' } },
}
const ONE = {
  functions: { [WORKER]: { group: 'shop', maxConcurrency: 1 }, next: { group: 'shop' } },
}

async function over(rig: AsyncRig): Promise<void> {
  await until('no event to be left', async () => {
    const { visible, inFlight } = await rig.queues.counts(QUEUE)
    return visible + inFlight === 0
  })
}

async function hidden(rig: AsyncRig): Promise<void> {
  const isHidden = async (): Promise<boolean> => {
    const { visible } = await rig.queues.counts(QUEUE)
    return visible === 0 && rig.snapshot(WORKER).inUse === 0
  }
  await until('the try to be over', isHidden)
}

async function recordIn(rig: AsyncRig, queue: string): Promise<Record<string, unknown>> {
  return JSON.parse(await bodyIn(rig, queue)) as Record<string, unknown>
}

async function bodyIn({ queues }: AsyncRig, queue: string): Promise<string> {
  const [message] = await queues.receive(queue, { max: 1, waitMs: 60_000 })
  return message?.body ?? ''
}

describe('An event', () => {
  test('is run once, and its success told exactly as Lambda tells it', async (t) => {
    const rig = await openAsyncRig(t, { onSuccess: queueArn('good'), onFailure: queueArn('bad') })
    const requestId = crypto.randomUUID()
    assert.equal(await rig.accept({}, { payload: '{"n": 1.50}', requestId }), true)
    await over(rig)
    assert.deepEqual(rig.calls(), [[{ n: 1.5 }, requestId]])
    const text = await bodyIn(rig, 'good')
    assert.match(text, /"requestPayload":\{"n": 1\.50\}/)
    const { timestamp, ...record } = JSON.parse(text)
    assert.match(timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    assert.deepEqual(record, {
      version: '1.0',
      requestContext: {
        requestId,
        functionArn: `${ARN}:$LATEST`,
        condition: 'Success',
        approximateInvokeCount: 1,
      },
      requestPayload: { n: 1.5 },
      responseContext: { statusCode: 200, executedVersion: '$LATEST' },
      responsePayload: { ok: 1 },
    })
    assert.deepEqual(await bodiesIn(rig.queues, 'bad'), [])
  })

  test('that fails is tried again after one minute and after two, under the same id', async (t) => {
    const rig = await openAsyncRig(t, { onFailure: queueArn('bad') })
    await rig.accept({ fail: true })
    for (const [tries, waitMs] of [
      [1, 60_000],
      [2, 120_000],
    ] as const) {
      await until(`try ${tries}`, () => rig.calls().length === tries)
      await hidden(rig)
      rig.clock.jump(waitMs - 1000)
      assert.equal((await rig.queues.counts(QUEUE)).visible, 0)
      rig.clock.jump(1000)
    }
    const record = await recordIn(rig, 'bad')
    assert.deepEqual(record['requestContext'], {
      requestId: rig.calls()[0]?.[1],
      functionArn: `${ARN}:$LATEST`,
      condition: 'RetriesExhausted',
      approximateInvokeCount: 3,
    })
    assert.deepEqual(record['responseContext'], {
      statusCode: 200,
      executedVersion: '$LATEST',
      functionError: 'Unhandled',
    })
    assert.equal(new Set(rig.calls().map(([, id]) => id)).size, 1)
    await over(rig)
  })

  test('that fails goes to the dead-letter queue as it came', async (t) => {
    const rig = await openAsyncRig(t, { retryAttempts: 0, deadLetter: queueArn('dead') })
    await rig.accept({ fail: true })
    await over(rig)
    const [message] = await rig.queues.receive('dead', { max: 1, waitMs: 0 })
    assert.equal(message?.body, '{"fail":true}')
    assert.deepEqual(message.attributes, {
      RequestID: { dataType: 'String', value: rig.calls()[0]?.[1] },
      ErrorCode: { dataType: 'Number', value: '200' },
      ErrorMessage: { dataType: 'String', value: 'boom' },
    })
  })

  test('is not tried while its function is throttled, and no throttle counts as a try', async (t) => {
    const rig = await openAsyncRig(t, { retryAttempts: 0, onFailure: queueArn('bad') }, ONE)
    await rig.accept({ hold: 'go' })
    await until('the first to run', () => rig.calls().length === 1)
    for (let i = 0; i < 20; i++) await rig.accept({ i })
    assert.equal((await rig.queues.counts(QUEUE)).visible, 20)
    writeFileSync(join(rig.folder, 'go'), '')
    await over(rig)
    assert.equal(rig.calls().length, 21)
    assert.deepEqual(await bodiesIn(rig.queues, 'bad'), [])
  })

  test('that is too old is not run any more', async (t) => {
    const rig = await openAsyncRig(t, { eventAgeMaxMs: 60_000, onFailure: queueArn('bad') }, ONE)
    await rig.accept({ hold: 'go' })
    await until('the first to run', () => rig.calls().length === 1)
    await rig.accept({ late: true })
    await until('it to stand in line', () => rig.snapshot(WORKER).waiting.async > 0)
    rig.clock.jump(60_001)
    const record = await recordIn(rig, 'bad')
    assert.deepEqual(record['requestPayload'], { late: true })
    assert.deepEqual(
      { ...(record['requestContext'] as object), requestId: '' },
      {
        requestId: '',
        functionArn: `${ARN}:$LATEST`,
        condition: 'EventAgeExceeded',
        approximateInvokeCount: 0,
      },
    )
    assert.equal(rig.calls().length, 1)
    writeFileSync(join(rig.folder, 'go'), '')
    await over(rig)
  })

  test('of a function that is switched off fails at once', async (t) => {
    const rig = await openAsyncRig(t, { onFailure: queueArn('bad') }, OFF)
    await rig.accept({ a: 1 })
    const { requestContext, ...record } = await recordIn(rig, 'bad')
    assert.equal(
      (requestContext as Record<string, unknown>)['condition'],
      'ZeroReservedConcurrency',
    )
    assert.equal((requestContext as Record<string, unknown>)['approximateInvokeCount'], 0)
    assert.deepEqual(Object.keys(record), ['version', 'timestamp', 'requestPayload'])
    await over(rig)
    assert.deepEqual(rig.calls(), [])
  })

  test('that nobody is to be told of is given up in a sentence', async (t) => {
    const rig = await openAsyncRig(t, { retryAttempts: 0 })
    await rig.accept({ fail: true })
    await over(rig)
    assert.match(rig.troubles.join(), /event \S+ of worker is given up \(RetriesExhausted\)/)
  })

  test('of at-most-once delivery is never started twice, whoever ends it', async (t) => {
    const rig = await openAsyncRig(t, { delivery: 'at-most-once', onFailure: queueArn('bad') })
    await rig.accept({ kill: true })
    const record = await recordIn(rig, 'bad')
    assert.equal((record['requestContext'] as Record<string, unknown>)['condition'], 'Interrupted')
    await over(rig)
    assert.equal(rig.calls().length, 1)
  })

  test('of at-most-once delivery is over where its server died with it', async (t) => {
    const config = { delivery: 'at-most-once', onFailure: queueArn('bad') } as const
    const rig = await openAsyncRig(t, config, ONE)
    await rig.accept({ hold: 'go' })
    await until('the first to run', () => rig.calls().length === 1)
    await rig.accept({ a: 1 })
    // Taken once, and visible again: as a server finds it that was killed while the function ran.
    const [taken] = await rig.queues.receive(QUEUE, { max: 1, waitMs: 0 })
    const receiptHandle = taken?.receiptHandle ?? ''
    await rig.queues.changeVisibility(QUEUE, [{ receiptHandle, timeoutMs: 0 }])
    writeFileSync(join(rig.folder, 'go'), '')
    const { requestContext, requestPayload } = await recordIn(rig, 'bad')
    assert.equal((requestContext as Record<string, unknown>)['condition'], 'Interrupted')
    assert.deepEqual(requestPayload, { a: 1 })
    await over(rig)
    assert.equal(rig.calls().length, 1)
  })

  test('of at-most-once delivery that fails is not tried again', async (t) => {
    const rig = await openAsyncRig(t, { delivery: 'at-most-once', onFailure: queueArn('bad') })
    await rig.accept({ fail: true })
    const { requestContext } = await recordIn(rig, 'bad')
    assert.equal((requestContext as Record<string, unknown>)['condition'], 'RetriesExhausted')
    await over(rig)
    assert.equal(rig.calls().length, 1)
  })

  test('that its environment is taken away from comes again, though it allows no retry', async (t) => {
    const rig = await openAsyncRig(t, { retryAttempts: 0, onFailure: queueArn('bad') })
    await rig.accept({ kill: true })
    for (let tries = 1; tries <= 3; tries++) {
      await until(`try ${tries}`, () => rig.calls().length === tries)
      await hidden(rig)
      rig.clock.jump(120_000)
    }
    await recordIn(rig, 'bad')
    assert.equal(rig.calls().length, 4)
  })
})

describe('A destination', () => {
  test('may be a function', async (t) => {
    const rig = await openAsyncRig(t, { onSuccess: ARN.replace(WORKER, 'next') })
    await rig.accept({ a: 1 })
    await until('the next function to run', () => rig.calls().length === 2)
    const [record] = rig.calls()[1] as [Record<string, unknown>, string]
    assert.deepEqual(record['responsePayload'], { ok: 1 })
  })

  test('may be a topic or an event bus', async (t) => {
    const topic = 'arn:aws:sns:us-east-1:123456789012:told'
    const bus = 'arn:aws:events:us-east-1:123456789012:event-bus/default'
    const rig = await openAsyncRig(t, {
      retryAttempts: 0,
      onSuccess: bus,
      onFailure: topic,
      deadLetter: topic,
    })
    await rig.accept({ fail: true })
    await over(rig)
    assert.deepEqual(
      rig.published.map(([to, { body }]) => [to, JSON.parse(body).fail]),
      [
        [topic, undefined],
        [topic, true],
      ],
    )
    await rig.accept({})
    await over(rig)
    const [[to, event] = []] = rig.put
    assert.equal(to, bus)
    assert.deepEqual(
      { ...event, detail: JSON.parse(event?.detail ?? '').requestContext.condition },
      {
        source: 'lambda',
        detailType: 'Lambda Function Invocation Result - Success',
        resources: [bus, `${ARN}:$LATEST`],
        detail: 'Success',
      },
    )
  })

  test('that does not exist loses the record, and a sentence says so', async (t) => {
    const rig = await openAsyncRig(t, { onSuccess: ARN.replace(WORKER, 'nobody') })
    await rig.accept({ a: 1 })
    await over(rig)
    assert.match(rig.troubles.join(), /there is no function nobody/)
  })
})

describe('Events when the node stops', () => {
  test('are not accepted any more, and those that wait stay', async (t) => {
    const rig = await openAsyncRig(t, {}, ONE)
    await rig.accept({ hold: 'go' })
    await until('the first to run', () => rig.calls().length === 1)
    await rig.accept({ a: 1 })
    await rig.sources.stop()
    assert.equal(await rig.accept({ a: 2 }), false)
    writeFileSync(join(rig.folder, 'go'), '')
    await rig.sources.idle()
    const { visible, inFlight } = await rig.queues.counts(QUEUE)
    assert.deepEqual([visible, inFlight], [1, 0])
    assert.deepEqual(await bodiesIn(rig.queues, QUEUE), ['{"a":1}'])
  })
})
