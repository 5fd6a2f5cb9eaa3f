import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { describe, test, type TestContext } from 'node:test'
import {
  InvokeWithResponseStreamCommand,
  LambdaClient,
  ResourceNotFoundException,
  TooManyRequestsException,
  type InvokeWithResponseStreamCommandInput,
  type InvokeWithResponseStreamCommandOutput,
} from '@aws-sdk/client-lambda'
import type { Invocation, Outcome, ResponseStream } from '../../../src/invoke/invocation.ts'
import { openRig } from '../../runtime/rig.ts'
import { until } from '../../support/until.ts'
import { appOf, okOutcome, serveAws, type Served } from '../serve.ts'

const app = appOf([{ name: 'hello' }])
const PATH = '/2021-11-15/functions/hello/response-streaming-invocations'
const FACTS = { handlerStarted: true, attempts: 1, waitedMs: 0 }
const OK: Outcome = { ...FACTS, status: 'ok', result: { kind: 'streamed' } }
const JSON_ERROR = '{"errorType":"TypeError","errorMessage":"m","trace":[]}'
const ERROR = { errorType: 'TypeError', errorMessage: 'm', json: Buffer.from(JSON_ERROR) }

interface Asked {
  readonly output: InvokeWithResponseStreamCommandOutput
  readonly chunks: Buffer[]
  readonly complete: unknown
}

type Invoke = (invocation: Invocation, stream: ResponseStream) => Outcome | Promise<Outcome>

async function serve(t: TestContext, invoke: Invoke): Promise<Served> {
  return await serveAws(t, app, async (invocation) => {
    assert.ok(invocation.stream !== undefined)
    return await invoke(invocation, invocation.stream)
  })
}

/** Asks with AWS's own SDK, which checks every checksum. */
async function askSdk(
  t: TestContext,
  port: number,
  input: Partial<InvokeWithResponseStreamCommandInput> = {},
): Promise<Asked> {
  const client = new LambdaClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  })
  t.after(() => client.destroy())
  const command = new InvokeWithResponseStreamCommand({ FunctionName: 'hello', ...input })
  const output = await client.send(command)
  const chunks: Buffer[] = []
  let complete: unknown
  for await (const event of output.EventStream ?? []) {
    assert.equal(complete, undefined, 'nothing comes after the last event')
    if (event.PayloadChunk !== undefined) chunks.push(Buffer.from(event.PayloadChunk.Payload ?? []))
    else complete = event.InvokeComplete
  }
  return { output, chunks, complete }
}

describe('InvokeWithResponseStream', () => {
  test('gives AWS’s SDK each piece as it came, and then says that it is complete', async (t) => {
    const pieces = [Buffer.from('one'), Buffer.from([0, 255]), Buffer.alloc(64 * 1024, 'x')]
    let seen: Invocation | undefined
    const { port } = await serve(t, (invocation, to) => {
      seen = invocation
      to.start('text/plain')
      for (const piece of pieces) to.write(piece)
      return { ...OK, logTail: 'END\n' }
    })
    const asked = await askSdk(t, port, { Payload: Buffer.from('{"a":1}'), LogType: 'Tail' })
    const { output, chunks, complete } = asked
    assert.deepEqual(chunks, pieces)
    assert.deepEqual(complete, { LogResult: Buffer.from('END\n').toString('base64') })
    assert.deepEqual(
      [output.StatusCode, output.ExecutedVersion, output.ResponseStreamContentType],
      [200, '$LATEST', 'application/vnd.amazon.eventstream'],
    )
    assert.ok(seen?.payload.kind === 'json')
    assert.equal(Buffer.from(seen.payload.json).toString(), '{"a":1}')
    assert.deepEqual(
      [seen.tail, seen.source, seen.id],
      [true, 'invoke', output.$metadata.requestId],
    )
  })

  test('gives what a handler returns, and does not stream, as one piece', async (t) => {
    const { port } = await serve(t, () => okOutcome('{"b":2}'))
    const { chunks, complete } = await askSdk(t, port)
    assert.deepEqual(chunks, [Buffer.from('{"b":2}')])
    assert.deepEqual(complete, {})
  })

  test('names the error of the function in its last event, whenever that came', async (t) => {
    for (const status of ['function_error', 'timeout', 'interrupted'] as const) {
      for (const written of ['', 'half']) {
        const { port } = await serve(t, (_, to) => {
          if (written !== '') to.start('text/plain')
          if (written !== '') to.write(Buffer.from(written))
          return { ...FACTS, status, error: ERROR }
        })
        const { chunks, complete } = await askSdk(t, port)
        assert.equal(Buffer.concat(chunks).toString(), written)
        assert.deepEqual(complete, { ErrorCode: 'TypeError', ErrorDetails: JSON_ERROR })
      }
    }
  })

  test('fails like Invoke where the handler does not begin', async (t) => {
    const blocked = {
      scope: 'function',
      name: 'hello',
      max: 1,
      inUse: 1,
      waitedMs: 0,
      why: 'maxConcurrency',
      retryAfterMs: 1000,
    } as const
    const none = { handlerStarted: false, attempts: 0, waitedMs: 0 }
    const { port } = await serve(t, () => ({ ...none, status: 'throttled', blocked }))
    await assert.rejects(askSdk(t, port), TooManyRequestsException)
    await assert.rejects(askSdk(t, port, { FunctionName: 'nobody' }), ResourceNotFoundException)
    const broken = await serve(t, () => ({ ...none, status: 'platform_error', message: 'm' }))
    await assert.rejects(askSdk(t, broken.port), { name: 'ServiceException' })
  })

  test('only checks on DryRun, and takes no payload that is not JSON', async (t) => {
    const served = await serve(t, () => assert.fail('nothing may run'))
    const headers = { 'x-amz-invocation-type': 'DryRun' }
    assert.equal((await served.send(PATH, { method: 'POST', headers })).status, 204)
    assert.equal((await served.send(PATH, { method: 'POST', body: '{' })).status, 400)
  })

  test('cuts the connection when what should never happen does midway', async (t) => {
    const failure = new Error('a bug')
    const served = await serve(t, (_, to) => {
      to.start('text/plain')
      throw failure
    })
    await assert.rejects(served.send(PATH, { method: 'POST' }))
    assert.deepEqual(served.errors, [failure])
  })

  test('slows the handler down for a slow reader, and lets it go when the reader leaves', async (t) => {
    let enough = false
    let resumed = false
    const served = await serve(t, async (_, to) => {
      to.start('text/plain')
      // More than the sockets on the way hold.
      for (let n = 0; n < 32; n++) enough = !to.write(Buffer.alloc(1024 * 1024))
      await new Promise<void>((resolve) => to.onDrain(resolve))
      resumed = true
      assert.equal(to.write(Buffer.from('dropped')), true)
      return OK
    })
    const out = request({ port: served.port, host: '127.0.0.1', path: PATH, method: 'POST' }).end()
    const [response] = (await once(out, 'response')) as [IncomingMessage]
    response.on('error', () => {})
    await until('that it has enough', () => enough)
    const headers = { 'x-amz-invocation-type': 'DryRun' }
    for (let n = 0; n < 20; n++) await served.send(PATH, { method: 'POST', headers })
    assert.equal(resumed, false)
    out.destroy()
    await until('that it goes on', () => resumed)
    assert.deepEqual(served.errors, [])
  })

  test('streams what a real function writes', async (t) => {
    const rig = openRig(t, {
      files: {
        'index.js': `exports.handler = awslambda.streamifyResponse(async (event, out) => {
          for (const word of event) out.write(word)
          out.end()
        })`,
      },
      functions: [{ name: 'hello' }],
    })
    const { port } = await serveAws(t, app, (invocation) => rig.invoker.invoke(invocation))
    const { chunks, complete } = await askSdk(t, port, { Payload: Buffer.from('["a","b","c"]') })
    assert.equal(Buffer.concat(chunks).toString(), 'abc')
    assert.deepEqual(complete, {})
  })
})
