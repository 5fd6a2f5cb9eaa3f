import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { listen } from '../../src/lib/listen.ts'
import { exchangeRaw, statusesOf } from '../support/raw-client.ts'
import { startReading } from './doors.ts'
import { AFTER, CORPUS } from './front-corpus.ts'

for (const reader of ['our own front', 'node:http alone']) {
  describe(`What comes of bytes that ${reader} reads`, () => {
    for (const { name, sent, answers, ran: wanted } of CORPUS) {
      test(`${name}: ${answers.join(', ')}`, async (t) => {
        const reading = startReading()
        const front = reader === 'node:http alone' ? undefined : reading.front
        const listening = await listen({}, reading.listener, front)
        t.after(() => listening.close(0))
        const text = await exchangeRaw(Number(new URL(listening.url).port), sent + AFTER)
        const ran = reading.ran.map(({ method, target, body }) => `${method} ${target} ${body}`)
        assert.deepEqual({ answers: statusesOf(text), ran }, { answers, ran: wanted })
      })
    }
  })
}

test('the corpus is about both', async (t) => {
  let own = 0
  for (const { sent } of CORPUS) {
    const reading = startReading()
    const listening = await listen({}, reading.listener, reading.front)
    t.after(() => listening.close(0))
    await exchangeRaw(Number(new URL(listening.url).port), sent + AFTER)
    own += reading.ownCount() > 0 ? 1 : 0
  }
  assert.ok(own > 20 && CORPUS.length - own > 80, `our own front has read of ${own} rows`)
})
