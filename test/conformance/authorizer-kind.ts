import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Authorizer } from '../../src/model/authorizer.ts'
import { openIssuer } from '../support/issuer.ts'
import { apiOf, appOf, variablesOf } from './app.ts'
import { fill, type Case, type Json } from './cases.ts'
import { match } from './match.mjs'
import { responseProblems, type Context } from './response.ts'
import type { Rig } from './rig.ts'
import { send, type WireResponse } from './wire.ts'

/** Leaves each event it gets on a line of its own, and answers what the case wants. */
const AUTHORIZER = `const { appendFileSync, readFileSync } = require('node:fs')
const { join } = require('node:path')
exports.handler = async (event) => {
  appendFileSync(join(__dirname, 'events'), JSON.stringify(event) + '\\n')
  const { result, error } = JSON.parse(readFileSync(join(__dirname, 'answer.json'), 'utf8'))
  if (error !== undefined) throw new Error(error)
  return result
}
`

const ECHO = `const { writeFileSync } = require('node:fs')
const { join } = require('node:path')
exports.handler = async (event) => {
  writeFileSync(join(__dirname, 'event.json'), JSON.stringify(event))
  return { statusCode: 200, body: '' }
}
`

const HOUR_S = 3600

/** Kind `authorizer`: what is it asked, who is let in, and what does the function get to see? */
export async function playAuthorizer(rig: Rig, { id, input, expected }: Case): Promise<string[]> {
  const unique = id.replace(/\W/g, '-').slice(-40)
  const [asked, behind] = [`ask-${unique}`, `echo-${unique}`]
  await using issuer = await openIssuer()
  const answer = { result: input.authorizerResult, error: input.authorizerError }
  const askedRoot = rig.folder(asked, {
    'index.js': AUTHORIZER,
    'answer.json': JSON.stringify(answer),
  })
  const behindRoot = rig.folder(behind, { 'index.js': ECHO })
  rmSync(join(askedRoot, 'events'), { force: true })
  const api = apiOf(withoutAuthorizer(input.config), () => behind)
  const scopes = scopesOf(input.config)
  const authorizer = authorizerOf(input.config, { functionName: asked, issuer: issuer.url, scopes })
  const routes = api.routes.map((route) => ({ ...route, authorizer }))
  const functions = [
    { name: asked, taskRoot: askedRoot },
    { name: behind, taskRoot: behindRoot },
  ]
  rig.spillway.reload(appOf(functions, { api: { ...api, routes } }))
  const vars = { ...variablesOf(behind), ...(await tokenOf(input.jwtClaims, issuer)) }
  const responses: WireResponse[] = []
  for (const request of input.requests ?? [input.request]) {
    responses.push(await send(urlOf(rig), fill(request, vars)))
  }
  const seen = existsSync(join(askedRoot, 'events'))
    ? readFileSync(join(askedRoot, 'events'), 'utf8').trim().split('\n')
    : []
  const echoed = join(behindRoot, 'event.json')
  const event: Json = existsSync(echoed) ? JSON.parse(readFileSync(echoed, 'utf8')) : undefined
  return problemsOf(expected, { responses, seen, event, context: { vars, root: { event } } })
}

interface Seen {
  readonly responses: readonly WireResponse[]
  readonly seen: readonly string[]
  readonly event: Json
  readonly context: Context
}

function problemsOf(expected: Json, { responses, seen, event, context }: Seen): string[] {
  const { authorizerEvent, event: wanted, statuses, authorizerInvocations, ...response } = expected
  const problems: string[] = []
  if (authorizerEvent !== undefined) {
    const asked: Json = seen[0] === undefined ? undefined : JSON.parse(seen[0])
    problems.push(...match(authorizerEvent, asked, context, '/authorizerEvent'))
  }
  if (wanted !== undefined) problems.push(...match(wanted, event, context, '/event'))
  if (statuses !== undefined) {
    const got = responses.map(({ status }) => status)
    problems.push(...match(statuses, got, context, '/statuses'))
  }
  if (authorizerInvocations !== undefined) {
    const got = seen.length
    problems.push(...match(authorizerInvocations, got, context, '/authorizerInvocations'))
  }
  const [first] = responses
  return first === undefined
    ? problems
    : [...problems, ...responseProblems(response, first, context)]
}

/** Routes of a case may have scopes of their own: `{route, scopes}`. One case has one such route. */
function withoutAuthorizer(given: Json): Json {
  const { authorizer: _, routes, ...config } = given
  const keys = routes.map((route: Json) => (typeof route === 'string' ? route : route.route))
  return { ...config, routes: keys }
}

function scopesOf({ routes }: Json): string[] {
  return routes.flatMap((route: Json) => (typeof route === 'string' ? [] : route.scopes))
}

function authorizerOf(
  { front, authorizer }: Json,
  { functionName, issuer, scopes }: { functionName: string; issuer: string; scopes: string[] },
): Authorizer {
  const name = 'auth'
  if (authorizer.type === 'JWT') {
    const identitySource = '$request.header.Authorization'
    return { kind: 'jwt', name, issuer, audiences: authorizer.audience, identitySource, scopes }
  }
  return {
    kind: 'lambda',
    name,
    functionName,
    form: authorizer.type === 'TOKEN' ? 'token' : 'request',
    payload: front === 'rest' ? '1.0' : authorizer.payload,
    simpleResponses: authorizer.simple ?? false,
    identitySources: authorizer.identitySource,
    ttlMs: authorizer.ttl * 1000,
  }
}

/** `${jwt}`: the case's claims, of an issuer that can be asked. */
async function tokenOf(
  claims: Json,
  issuer: Awaited<ReturnType<typeof openIssuer>>,
): Promise<Record<string, string>> {
  if (claims === undefined) return {}
  const nowS = Math.floor(Date.now() / 1000)
  const times: Record<string, number> = { '${future}': nowS + HOUR_S, '${past}': nowS - HOUR_S }
  const filled = Object.entries(claims).map(([key, value]) => [
    key,
    typeof value === 'string' ? (times[value] ?? value) : value,
  ])
  return { jwt: await issuer.sign({ ...Object.fromEntries(filled), iss: issuer.url }) }
}

function urlOf(rig: Rig): string {
  const { api } = rig.spillway.urls
  if (api === undefined) throw new Error('the API is not listened on')
  return api
}
