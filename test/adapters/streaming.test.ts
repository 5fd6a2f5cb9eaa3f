import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import type { Writable } from 'node:stream'
import type { FailureFacts, LambdaHandler } from '../../src/adapters/node.ts'
import { FRAMEWORKS } from './frameworks.ts'

interface Out extends Writable {
  setContentType(type: string): void
}
type Streaming = (event: unknown, out: Out, context: unknown) => Promise<unknown>

// They are there because the wrappers are imported.
const { awslambda } = globalThis as unknown as {
  awslambda: {
    streamifyResponse(handler: Streaming): LambdaHandler
    HttpResponseStream: { from(out: Out, prelude: object): Out }
  }
}

const PIECE = 256 * 1024
const TOTAL = 32 * 1024 * 1024

for (const framework of FRAMEWORKS) {
  const [parser = 'none'] = framework.parsers
  const start = async (
    t: Parameters<typeof framework.start>[0],
    handler: Streaming,
    options = {},
  ): Promise<string> =>
    await framework.start(t, {
      handler: awslambda.streamifyResponse(handler),
      route: 'GET /x',
      options: { front: 'function-url', ...options },
      parser,
    })

  describe(`A streaming handler under ${framework.name}`, () => {
    test('is heard while it writes', async (t) => {
      const more = Promise.withResolvers<void>()
      const url = await start(t, async (_event, out) => {
        out.setContentType('text/plain')
        out.write('one')
        await more.promise
        out.end('two')
      })
      const answer = await fetch(`${url}/x`)
      assert.equal(answer.headers.get('content-type'), 'text/plain')
      const reader = answer.body?.getReader()
      assert.equal(text(await reader?.read()), 'one')
      more.resolve()
      assert.equal(text(await reader?.read()), 'two')
      assert.equal((await reader?.read())?.done, true)
    })

    test('says status, headers and cookies in its prelude', async (t) => {
      const url = await start(t, async (_event, out) => {
        const prelude = { statusCode: 418, headers: { 'x-tea': 'pot' }, cookies: ['a=1', 'b=2'] }
        const body = awslambda.HttpResponseStream.from(out, prelude)
        body.write('short and ')
        body.end('stout')
      })
      const answer = await fetch(`${url}/x`)
      assert.deepEqual([answer.status, answer.headers.get('x-tea')], [418, 'pot'])
      assert.deepEqual(answer.headers.getSetCookie(), ['a=1', 'b=2'])
      assert.equal(await answer.text(), 'short and stout')
    })

    test('that writes nothing answers 200 with nothing', async (t) => {
      const answer = await fetch(`${await start(t, async (_event, out) => void out.end())}/x`)
      assert.deepEqual([answer.status, await answer.text()], [200, ''])
    })

    test('cuts the connection where it fails midway, and answers 502 where it fails before', async (t) => {
      const seen: [unknown, FailureFacts['kind']][] = []
      const onError = (error: unknown, { kind }: FailureFacts) => void seen.push([error, kind])
      const boom = new Error('boom')
      const url = await start(
        t,
        async (_event, out) => {
          out.write('half')
          await new Promise((resolve) => setImmediate(resolve))
          throw boom
        },
        { onError },
      )
      await assert.rejects(async () => await (await fetch(`${url}/x`)).text())
      const early = await start(t, async () => await Promise.reject(boom), { onError })
      assert.equal((await fetch(`${early}/x`)).status, 502)
      assert.deepEqual(seen, [
        [boom, 'function-error'],
        [boom, 'function-error'],
      ])
    })

    test('that does not end is cut off when its time is over', async (t) => {
      const seen: FailureFacts['kind'][] = []
      const onError = (_error: unknown, { kind }: FailureFacts) => void seen.push(kind)
      const options = { timeoutMs: 50, onError }
      const url = await start(t, async (_event, out) => void out.write('half'), options)
      await assert.rejects(async () => await (await fetch(`${url}/x`)).text())
      assert.deepEqual(seen, ['timeout'])
    })

    test('waits for a client that reads slowly', async (t) => {
      let written = 0
      const url = await start(t, async (_event, out) => {
        for (; written < TOTAL; written += PIECE) {
          if (!out.write(Buffer.alloc(PIECE))) {
            await new Promise((resolve) => out.once('drain', resolve))
          }
        }
        out.end()
      })
      let received = 0
      let apart = 0
      for await (const chunk of (await fetch(`${url}/x`)).body ?? []) {
        received += chunk.length
        // The handler has so many turns for one of the client's.
        for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
        apart = Math.max(apart, written - received)
      }
      assert.equal(received, TOTAL)
      assert.ok(apart < TOTAL / 2, `${apart} bytes are somewhere between them`)
    })
  })
}

test('The global that streaming handlers use is left alone where there is one', () => {
  const source = `
    globalThis.awslambda = 'mine'
    await import('./src/adapters/node.ts')
    process.stdout.write(String(globalThis.awslambda))`
  const args = ['--input-type=module', '-e', source]
  const root = `${import.meta.dirname}/../..`
  assert.equal(spawnSync(process.execPath, args, { cwd: root }).stdout.toString(), 'mine')
})

function text(read: { value?: Uint8Array | undefined } | undefined): string {
  return new TextDecoder().decode(read?.value)
}
