import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { handler as leads } from '../../examples/leads/src/post-lead.ts'
import { makeFolder } from '../support/service.ts'
import { FRAMEWORKS } from './frameworks.ts'

process.env['LEADS_DIR'] = makeFolder()

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
        assert.deepEqual(await answer.json(), { leadId: '7', name: 'Ada', email: 'a@x.io' })
        const wrong = await post(`${url}/lead/7`, '{"name":""}')
        assert.equal(wrong.status, 400)
      })
    })
  }
}

async function post(url: string, body: string): Promise<Response> {
  return await fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
}
