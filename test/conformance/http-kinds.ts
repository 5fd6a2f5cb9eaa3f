import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { apiOf, appOf, functionNameOf, variablesOf } from './app.ts'
import { NotBuilt, fill, type Case, type Json } from './cases.ts'
import { match } from './match.mjs'
import { responseProblems, type Context } from './response.ts'
import type { Rig } from './rig.ts'
import { headerMap, send, type WireRequest, type WireResponse } from './wire.ts'

/** Long enough for a cold start on a busy machine, short enough to wait for. */
const SHORT_INTEGRATION_TIMEOUT_MS = 2000

/** Leaves the event in a file, because a HEAD response could not carry it. */
const ECHO = `const { writeFileSync } = require('node:fs')
const { join } = require('node:path')
exports.handler = async (event) => {
  writeFileSync(join(__dirname, 'event.json'), JSON.stringify(event))
  return { statusCode: 200, body: '' }
}
`

const OUTCOME = `const { readFileSync, writeFileSync } = require('node:fs')
const { join } = require('node:path')
const outcome = JSON.parse(readFileSync(join(__dirname, 'outcome.json'), 'utf8'))
exports.handler = async () => {
  writeFileSync(join(__dirname, 'invoked'), '')
  if (outcome.integrationTimeout) await new Promise((resolve) => setTimeout(resolve, 60_000))
  if (outcome.functionError === undefined) return outcome.result
  const { errorType, errorMessage } = outcome.functionError
  throw Object.assign(new Error(errorMessage), { name: errorType })
}
`

const ROUTE = `exports.handler = async () => ({ statusCode: 200, headers: { 'x-route': process.env.ROUTE } })
`

/** Kind `event`: what does the handler receive? */
export async function playEvent(rig: Rig, { input, expected }: Case): Promise<string[]> {
  const { event, response, context } = await echo(rig, input)
  if (event === undefined) return [notInvoked(response)]
  const unknown = Object.keys(expected).filter((key) => key !== 'event')
  if (unknown.length > 0) return [`this runner does not know how to check ${unknown.join(', ')}`]
  return match(expected.event, event, context, '/event')
}

/** Kind `invoke-http`: how does the response relate to the event? */
export async function playInvokeHttp(rig: Rig, { input, expected }: Case): Promise<string[]> {
  const { event, response, context } = await echo(rig, input)
  if (event === undefined) return [notInvoked(response)]
  const { event: expectedEvent = {}, response: inner = {}, ...rest } = expected
  return [
    ...match(expectedEvent, event, context, '/event'),
    ...responseProblems({ ...inner, ...rest }, response, context),
  ]
}

async function echo(
  rig: Rig,
  input: Json,
): Promise<{ event: Json; response: WireResponse; context: Context }> {
  if (input.request === undefined) throw new NotBuilt(Object.keys(input).join(', '))
  // One function for all cases: after the first its environment is warm.
  const name = 'echo'
  const taskRoot = rig.folder(name, { 'index.js': ECHO })
  const file = join(taskRoot, 'event.json')
  rmSync(file, { force: true })
  rig.spillway.reload(appOf([{ name, taskRoot }], { api: apiOf(input.config, () => name) }))
  const vars = variablesOf(name)
  const response = await send(apiUrl(rig), fill(input.request, vars))
  const event: Json = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
  const root = { event, status: response.status, headers: headerMap(response) }
  return { event, response, context: { vars, root: { ...root, response: root } } }
}

function notInvoked({ status, body }: WireResponse): string {
  return `the handler was not invoked; the response was ${status} ${body.toString().slice(0, 200)}`
}

const OUTCOMES = new Set([
  'result',
  'functionError',
  'integrationTimeout',
  'throttled',
  'noPermission',
  'notInvoked',
])

/** Kind `response`: what does the client receive? */
export async function playResponse(rig: Rig, { id, input, expected }: Case): Promise<string[]> {
  const { outcome, request } = input
  const unbuilt = Object.keys(outcome).find((key) => !OUTCOMES.has(key))
  if (unbuilt !== undefined) throw new NotBuilt(`outcome ${unbuilt}`)
  const name = functionNameOf(id)
  const config = {
    ...input.config,
    ...(outcome.integrationTimeout ? { integrationTimeoutMs: SHORT_INTEGRATION_TIMEOUT_MS } : {}),
    // Who may call is said by the route alone here: there are no resource policies.
    ...(outcome.noPermission ? { authType: 'AWS_IAM' } : {}),
  }
  const api = apiOf(config, () => name)
  const taskRoot = rig.folder(name, {
    'index.js': OUTCOME,
    'outcome.json': JSON.stringify(outcome),
  })
  const timeoutMs = outcome.integrationTimeout ? SHORT_INTEGRATION_TIMEOUT_MS + 1000 : 30_000
  const throttled = outcome.throttled === undefined ? {} : { throttled: outcome.throttled }
  rig.spillway.reload(appOf([{ name, taskRoot, timeoutMs }], { api, ...throttled }))
  const vars = variablesOf(name)
  const response = await send(apiUrl(rig), fill(request as WireRequest, vars))
  const invoked = existsSync(join(taskRoot, 'invoked'))
  return [
    ...responseProblems(expected, response, { vars }),
    ...invocationProblems(
      invoked,
      MUST_NOT_RUN.some((key) => key in outcome),
    ),
  ]
}

const MUST_NOT_RUN = ['notInvoked', 'noPermission', 'throttled']

function invocationProblems(invoked: boolean, mustNotBe: boolean): string[] {
  if (invoked === !mustNotBe) return []
  return [invoked ? 'the handler was invoked and must not be' : 'the handler was not invoked']
}

/** Kind `route`: which route does each request take? A function for each tells it. */
export async function playRoute(rig: Rig, { id, input, expected }: Case): Promise<string[]> {
  const keys: readonly string[] = input.config.routes
  const nameOf = (key: string): string => `${functionNameOf(id).slice(0, 55)}-${keys.indexOf(key)}`
  const taskRoot = rig.folder(functionNameOf(id), { 'index.js': ROUTE })
  const functions = keys.map((key) => ({
    name: nameOf(key),
    taskRoot,
    environment: { ROUTE: key },
  }))
  rig.spillway.reload(appOf(functions, { api: apiOf(input.config, nameOf) }))
  const problems: string[] = []
  for (const [i, line] of (input.requests as string[]).entries()) {
    const [method = 'GET', target = '/'] = line.split(' ')
    const response = await send(apiUrl(rig), { method, target, headers: [] })
    problems.push(...matchProblems(expected.matches[i], response).map((text) => `${line}: ${text}`))
  }
  return problems
}

function matchProblems(expected: Json, response: WireResponse): string[] {
  if (typeof expected === 'string') {
    const taken = headerMap(response)['x-route']
    if (taken === expected) return []
    return [`want the route ${expected} got ${taken ?? `none: ${notInvoked(response)}`}`]
  }
  return responseProblems(expected, response, { vars: {} })
}

function apiUrl(rig: Rig): string {
  const { api } = rig.spillway.urls
  if (api === undefined) throw new Error('the API is not listened on')
  return api
}
