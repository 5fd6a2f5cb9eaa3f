import assert from 'node:assert/strict'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { describe, test, type TestContext } from 'node:test'
import { bodyOf } from '../../src/lib/body.ts'
import { listen } from '../../src/lib/listen.ts'
import { exchangeRaw, statusesOf } from '../support/raw-client.ts'
import { AFTER, CORPUS } from './front-corpus.ts'

/** A listener that writes down what it is given to run. */
async function open(t: TestContext): Promise<{ port: number; ran: string[] }> {
  const ran: string[] = []
  const listener: RequestListener = (request, response) => {
    run(request, response, ran).catch(() => response.destroy())
  }
  const listening = await listen({}, listener)
  t.after(() => listening.close(0))
  return { port: Number(new URL(listening.url).port), ran }
}

async function run(
  request: IncomingMessage,
  response: ServerResponse,
  ran: string[],
): Promise<void> {
  const { bytes } = await bodyOf(request, 1e6)
  ran.push(`${request.method} ${request.url} ${bytes?.toString('latin1')}`)
  response.end()
}

function summary(answers: readonly number[]): string {
  return answers.length > 5 ? `${answers.length} answers` : answers.join(', ')
}

describe('What comes of bytes on a listener', () => {
  for (const { name, sent, answers, ran: wanted } of CORPUS) {
    test(`${name}: ${summary(answers)}`, async (t) => {
      const { port, ran } = await open(t)
      const text = await exchangeRaw(port, sent + AFTER)
      assert.deepEqual({ answers: statusesOf(text), ran }, { answers, ran: wanted })
    })
  }
})
