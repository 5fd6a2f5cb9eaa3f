import { realClock } from '../../src/lib/clock.ts'
import { environmentCommand } from '../../src/runtime/command.ts'
import { startEnvironment } from '../../src/runtime/environment.ts'
import type { Work, WorkEnd } from '../../src/runtime/work.ts'
import { apiOf, appOf, functionNameOf, REGION, type CaseFunction } from './app.ts'
import { NotBuilt, type Case, type Json } from './cases.ts'
import { match } from './match.mjs'
import { responseProblems, unknownKey } from './response.ts'
import type { Rig } from './rig.ts'
import { send } from './wire.ts'

/** A streamed response as the server gets it from the environment. */
interface Streamed {
  readonly contentType: string | undefined
  readonly body: Buffer
  readonly end: WorkEnd
  readonly log: string
}

type Check = (expected: Json, streamed: Streamed) => string[]

const CHECKS: Readonly<Record<string, Check>> = {
  rawContentType: (expected, { contentType }) =>
    match(expected, contentType ?? null, { vars: {} }, '/rawContentType'),
  rawBodyBase64: (expected, { body }) =>
    match(expected, body.toString('base64'), { vars: {} }, '/rawBodyBase64'),
  functionErrorMessage: (expected, { end }) =>
    match(expected, errorMessageOf(end), { vars: {} }, '/functionErrorMessage'),
  timedOut: (expected, { end }) =>
    match(expected, end.kind === 'timeout', { vars: {} }, '/timedOut'),
  logMatches: (expected, { log }) =>
    (expected as string[])
      .filter((pattern) => !new RegExp(pattern, 'm').test(log))
      .map((pattern) => `/logMatches: nothing matches /${pattern}/ in:\n${log}`),
}

/** Kind `stream`: what leaves the environment, and where a Function URL is given, what its client sees. */
export async function playStream(rig: Rig, { id, input, expected }: Case): Promise<string[]> {
  if (!/^nodejs\d/.test(input.runtime)) throw new NotBuilt(`runtime ${input.runtime}`)
  const name = functionNameOf(id)
  const fn: CaseFunction = {
    name,
    taskRoot: rig.folder(name, input.files),
    runtime: input.runtime,
    handler: input.handler,
    timeoutMs: (input.timeout ?? 30) * 1000,
  }
  const { http, ...raw } = expected
  const problems = http === undefined ? [] : await httpProblems(rig, fn, input.config, http)
  if (Object.keys(raw).length === 0) return problems
  const streamed = await stream(fn, input.payload)
  for (const [key, value] of Object.entries(raw)) {
    problems.push(...(CHECKS[key]?.(value, streamed) ?? [unknownKey(key)]))
  }
  return problems
}

async function httpProblems(
  rig: Rig,
  fn: CaseFunction,
  config: Json,
  expected: Json,
): Promise<string[]> {
  const { api } = rig.spillway.urls
  if (api === undefined) throw new Error('the API is not listened on')
  rig.spillway.reload(appOf([fn], { api: apiOf(config, () => fn.name) }))
  const response = await send(api, { method: 'GET', target: '/', headers: [] })
  return responseProblems(expected, response, { vars: {} })
}

/** Invokes once in an environment of its own. */
async function stream(given: CaseFunction, payload: Json): Promise<Streamed> {
  const [fn] = appOf([given]).functions
  if (fn === undefined) throw new Error('the case has no function')
  const seen = Promise.withResolvers<Streamed>()
  let contentType: string | undefined
  const chunks: Uint8Array[] = []
  let log = ''
  const work: Work = {
    id: crypto.randomUUID(),
    payload: { kind: 'json', json: Buffer.from(JSON.stringify(payload ?? null)) },
    invokedArn: '',
    traceId: '',
    deadlineMs: Infinity,
    onStarted() {},
    onLog: (text) => (log += text),
    onStream: (type) => (contentType = type),
    onChunk: (bytes) => chunks.push(Uint8Array.from(bytes)) > 0,
    onDrain: (resume) => resume(),
    onEnd: (end) => seen.resolve({ contentType, body: Buffer.concat(chunks), end, log }),
  }
  const environment = startEnvironment({
    command: environmentCommand(fn, {
      region: REGION,
      mode: 'start',
      path: process.env['PATH'] ?? '',
    }),
    timeoutMs: fn.timeoutMs,
    initTimeoutMs: 60_000,
    concurrency: 1,
    clock: realClock,
    events: {
      onReady: (ready) => ready.dispatch(work),
      onRoom() {},
      onLeaving() {},
      onGone: () => seen.reject(new Error(`the environment ended\n${log}`)),
      onReturned() {},
      onLog: (text) => (log += text),
      onLateResult() {},
    },
  })
  try {
    return await seen.promise
  } finally {
    environment.kill()
  }
}

function errorMessageOf(end: WorkEnd): unknown {
  if (!('error' in end) || end.error === undefined) return null
  return (JSON.parse(Buffer.from(end.error).toString()) as { errorMessage?: unknown }).errorMessage
}
