import { NotBuilt, type Case, type Json } from './cases.ts'
import { match } from './match.mjs'
import type { Rig } from './rig.ts'
import { send } from './wire.ts'

/** What `TestEventPattern` wants of every event, besides what a case is about. */
const MANDATORY = {
  id: '1',
  account: '123456789012',
  source: 'case',
  time: '2026-03-06T18:00:00Z',
  region: 'us-east-1',
  'detail-type': 'case',
}

/** Kind `filter`: does a pattern match? Asked of the AWS endpoint, by `TestEventPattern` of EventBridge. */
export async function playFilter(rig: Rig, { input, expected }: Case): Promise<string[]> {
  const { match: wanted, error, ...rest } = expected
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) throw new NotBuilt(`expected ${unknown}`)
  const answer = await testPattern(rig, input)
  if (error !== undefined) {
    return match(error, { code: answer.__type, message: answer.message }, {}, '/error')
  }
  return match(wanted, answer.Result ?? answer, {}, '/match')
}

async function testPattern(rig: Rig, { pattern, event = {} }: Json): Promise<Json> {
  const request = {
    EventPattern: JSON.stringify(pattern),
    Event: JSON.stringify({ ...MANDATORY, ...event }),
  }
  const { body } = await send(rig.spillway.urls.aws ?? '', {
    method: 'POST',
    target: '/',
    headers: [
      ['X-Amz-Target', 'AWSEvents.TestEventPattern'],
      ['Content-Type', 'application/x-amz-json-1.1'],
    ],
    body: JSON.stringify(request),
  })
  return JSON.parse(body.toString())
}
