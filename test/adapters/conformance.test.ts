import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import type { LambdaOptions } from '../../src/adapters/node.ts'
import { variablesOf } from '../conformance/app.ts'
import { fill, loadCases, type Case, type Json } from '../conformance/cases.ts'
import { match } from '../conformance/match.mjs'
import { responseProblems } from '../conformance/response.ts'
import { send, type WireResponse } from '../conformance/wire.ts'
import { FRAMEWORKS, type Framework } from './frameworks.ts'

const TOPICS = ['rest', 'httpapi', 'httpapi-v1', 'function-url', 'alb'].flatMap((front) =>
  front === 'httpapi-v1' ? [`${front}-event`] : [`${front}-event`, `${front}-response`],
)

/** What no wrapper around a handler can do, and why. */
const OF_ANOTHER: Readonly<Record<string, string>> = {
  'httpapi-response/unmatched-route': 'what no route serves is answered by the framework',
  'function-url-response/no-permission': 'whoever may call is the framework’s business',
  'function-url-response/throttled-account':
    'there is no account; rateLimit() is REST’s by default',
}

/** What a framework hides, by its name. */
const HIDDEN: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Fastify: {},
  Hono: {
    'rest-event/request-context-keys': 'no notion of trusted proxies: the address is the peer’s',
    'httpapi-event/request-context-keys': 'no notion of trusted proxies: the address is the peer’s',
  },
  'node:http': {
    'rest-event/request-context-keys': 'no notion of trusted proxies: the address is the peer’s',
    'httpapi-event/request-context-keys': 'no notion of trusted proxies: the address is the peer’s',
  },
}

const SHORT_TIMEOUT_MS = 200
const LONG_MS = 60_000

for (const framework of FRAMEWORKS) {
  describe(`${framework.name} and the cases of a whole front end`, () => {
    for (const one of loadCases(`${import.meta.dirname}/../conformance`, TOPICS)) {
      test(one.id, async (t) => {
        const reason = reasonAgainst(framework, one)
        if (reason === undefined) {
          return assert.deepEqual(await play(t, framework, one), [], one.note)
        }
        assert.notDeepEqual(await play(t, framework, one), [], 'it can be expressed after all')
        t.diagnostic(`cannot be expressed: ${reason}`)
      })
    }
  })
}

function reasonAgainst(framework: Framework, { id, expected }: Case): string | undefined {
  if (framework.name !== 'node:http' || id !== 'httpapi-response/unmatched-route') {
    if (OF_ANOTHER[id] !== undefined) return OF_ANOTHER[id]
  }
  if (expected.headerNameCase !== undefined && !framework.keepsSpelling) {
    return 'the framework writes header names in lower case'
  }
  return HIDDEN[framework.name]?.[id]
}

/** Plays a case on a real socket; the differences from what it expects. */
async function play(
  t: TestContext,
  framework: Framework,
  { input, expected }: Case,
): Promise<string[]> {
  let event: Json
  const handler = async (given: Json): Promise<Json> => {
    event = given
    return await outcomeOf(input.outcome)
  }
  const url = await framework.start(t, {
    handler,
    route: routeOf(input),
    options: optionsOf(input),
    parser: framework.parsers.includes('none') ? 'none' : 'raw',
  })
  const vars = variablesOf('echo')
  const response = await send(url, fill(input.request, vars))
  if (expected.event === undefined) return responseProblems(expected, response, { vars })
  if (event === undefined) return [`not invoked: ${describeResponse(response)}`]
  const context = { vars: { ...vars, apiId: event.requestContext.apiId }, root: { event } }
  return match(expected.event, event, context, '/event')
}

async function outcomeOf(outcome: Json): Promise<Json> {
  if (outcome === undefined) return { statusCode: 200, body: '' }
  if (outcome.integrationTimeout)
    await new Promise((resolve) => setTimeout(resolve, LONG_MS).unref())
  if (outcome.functionError === undefined) return outcome.result
  const { errorType, errorMessage } = outcome.functionError
  throw Object.assign(new Error(errorMessage), { name: errorType })
}

/** The route that the request takes; that of a REST API stands under its stage. */
function routeOf({ config }: Json): string {
  const [route = '$default'] = config.routes ?? []
  if (route === '$default' || config.stage === '$default') return route
  return route.replace('/', `/${config.stage}/`)
}

function optionsOf({ config, outcome }: Json): LambdaOptions<unknown> {
  const { front, payload, stage, stageVariables, binaryMediaTypes, multiValueHeaders } = config
  const given = { front, payload, stage, stageVariables, binaryMediaTypes, multiValueHeaders }
  return {
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    ...(outcome?.integrationTimeout ? { timeoutMs: SHORT_TIMEOUT_MS } : {}),
    onError() {},
  }
}

function describeResponse({ status, body }: WireResponse): string {
  return `${status} ${body.toString().slice(0, 200)}`
}
