import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, describe, test } from 'node:test'
import { makeFolder } from '../support/service.ts'
import { FRAMEWORKS } from './frameworks.ts'

/** As much of SQS as the example's handler speaks to. */
const messages: string[] = []
const sqs = createServer((request, response) => {
  void request.toArray().then((chunks) => {
    const { MessageBody } = JSON.parse(String(Buffer.concat(chunks as Buffer[])))
    messages.push(MessageBody)
    const MD5OfMessageBody = createHash('md5').update(MessageBody).digest('hex')
    response.setHeader('Content-Type', 'application/x-amz-json-1.0')
    response.end(JSON.stringify({ MessageId: crypto.randomUUID(), MD5OfMessageBody }))
  })
})
await new Promise<void>((resolve) => sqs.listen(0, '127.0.0.1', resolve))
after(() => {
  sqs.closeAllConnections()
  sqs.close()
})
const sqsUrl = `http://127.0.0.1:${(sqs.address() as AddressInfo).port}`

Object.assign(process.env, {
  LEADS_DIR: makeFolder(),
  FOLLOW_UPS: `${sqsUrl}/123456789012/follow-ups`,
  AWS_ENDPOINT_URL_SQS: sqsUrl,
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
})
// It reads them as it is loaded.
const { handler: leads } = await import('../../examples/leads/src/post-lead.ts')

/** The article's handler, to the letter of its wrapper's event: JSON in the body, an id in the path. */
const article = async (event: {
  readonly body: string
  readonly httpMethod: string
  readonly pathParameters: { readonly leadId: string }
  readonly queryStringParameters: { readonly source: string } | null
}) => {
  const { name, email } = JSON.parse(event.body)
  return {
    statusCode: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      leadId: event.pathParameters.leadId,
      name,
      email,
      source: event.queryStringParameters?.source,
      method: event.httpMethod,
    }),
  }
}

const ADA = '{ "name": "Ada", "email": "a@x.io" }'

for (const framework of FRAMEWORKS) {
  for (const parser of framework.parsers) {
    describe(`${framework.name}, parser: ${parser}`, () => {
      test("serves the article's POST /lead/{leadId}", async (t) => {
        const route = 'POST /lead/{leadId}'
        const url = await framework.start(t, { handler: article, route, parser })
        const answer = await post(`${url}/lead/7%20b?source=ad`, ADA)
        assert.equal(answer.status, 200)
        assert.deepEqual(await answer.json(), {
          leadId: '7%20b', // A REST API passes it as it was sent.
          name: 'Ada',
          email: 'a@x.io',
          source: 'ad',
          method: 'POST',
        })
      })

      test("serves the example's handler, payload 2.0, unchanged", async (t) => {
        const route = 'POST /lead/{leadId}'
        const options = { payload: '2.0' } as const
        const url = await framework.start(t, { handler: leads, route, parser, options })
        const answer = await post(`${url}/lead/7`, ADA)
        const lead = { leadId: '7', name: 'Ada', email: 'a@x.io' }
        assert.deepEqual(await answer.json(), lead)
        assert.deepEqual(JSON.parse(messages.at(-1) ?? ''), lead)
        const wrong = await post(`${url}/lead/7`, '{"name":""}')
        assert.equal(wrong.status, 400)
      })
    })
  }
}

async function post(url: string, body: string): Promise<Response> {
  return await fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
}
