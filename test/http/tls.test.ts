import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { test } from 'node:test'
import { createApi } from '../../src/http/api.ts'
import type { Invocation } from '../../src/invoke/invocation.ts'
import { realClock } from '../../src/lib/clock.ts'
import { listen } from '../../src/lib/listen.ts'
import { appOf } from '../aws/serve.ts'
import { makeCertificate } from '../support/self-signed.ts'
import { createRates } from '../../src/rates/index.ts'
import { answerOf, apiOf } from './serve.ts'

test('A function reads in X-Forwarded-Proto that its caller came over TLS', async (t) => {
  const files = makeCertificate(t)
  if (files === undefined) return
  const tls = { cert: readFileSync(files.cert, 'utf8'), key: readFileSync(files.key, 'utf8') }
  const seen: Invocation[] = []
  const api = createApi({
    invoker: {
      invoke: async (invocation) => {
        seen.push(invocation)
        const response = { status: 200, rawHeaders: ['Content-Length', '4'], body: 'done' }
        const facts = { handlerStarted: true, attempts: 1, waitedMs: 0 }
        return { ...facts, status: 'ok', result: { kind: 'http', response } }
      },
    },
    clock: realClock,
    rates: createRates({ clock: realClock, onNote() {} }),
    draining: () => true,
  })
  api.configure({ ...appOf([{ name: 'effect' }]), apis: [apiOf('httpapi', ['GET /x'])] })
  for (const front of [api.front, undefined]) {
    const listening = await listen({ tls }, api.handle, front)
    t.after(() => listening.close(0))
    const { port } = new URL(listening.url)
    const to = { host: '127.0.0.1', port, path: '/x', servername: 'localhost', ca: tls.cert }
    const headers = { 'X-Forwarded-Proto': 'http' }
    const answer = await answerOf(request({ ...to, headers }).end())
    assert.deepEqual([answer.status, answer.text], [200, 'done'])
    const payload = seen.at(-1)?.payload
    assert.ok(payload?.kind === 'http')
    assert.deepEqual(payload.request.rawHeaders.slice(-2), ['X-Forwarded-Proto', 'https'])
  }
  assert.equal(seen.length, 2)
})
