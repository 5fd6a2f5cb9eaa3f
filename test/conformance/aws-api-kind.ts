import type { App } from '../../src/model/app.ts'
import { until } from '../support/until.ts'
import { variablesOf, type CaseFunction } from './app.ts'
import { backgroundApp, queueNamed } from './background.ts'
import { NotBuilt, fill, type Case, type Json } from './cases.ts'
import { responseProblems, unknownKey } from './response.ts'
import { openRig, type Rig } from './rig.ts'
import { commandOf, openSdk } from './sdk-calls.ts'
import { headerValues, send, type WireResponse } from './wire.ts'

/** A call of a case: `PUT /2017-10-31/functions/fn/concurrency`, headers and a JSON body. */
export interface Call {
  readonly method: string
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Json
}

interface Sender {
  send(call: Call): Promise<WireResponse>
  close(): void
}

/**
 * Kind `aws-api`: calls of the Lambda API, one after the other; first byte for byte, and then through
 * AWS's own SDK, as far as that has words for them. Each time they get a Spillway of their own,
 * because limits that a case changes outlive a reload.
 */
export async function playAwsApi(_: Rig, one: Case): Promise<string[]> {
  const problems = await playThrough(one, byWire)
  if (problems.length > 0) return problems
  return (await playThrough(one, bySdk)).map((problem) => `through the SDK: ${problem}`)
}

function byWire(aws: string): Sender {
  return {
    close() {},
    async send({ method, target, headers, body }) {
      const text: string | undefined =
        body?.$raw ?? (body === undefined ? undefined : JSON.stringify(body))
      return await send(aws, {
        method,
        target,
        headers: Object.entries(headers),
        ...(text === undefined ? {} : { body: text }),
      })
    },
  }
}

function bySdk(aws: string): Sender {
  const wire = byWire(aws)
  const sdk = openSdk(aws)
  return {
    async send(call) {
      const command = commandOf(call)
      // It must happen all the same: later calls build on it.
      return await (command === undefined ? wire.send(call) : sdk.send(call.method, command))
    },
    close: () => sdk.close(),
  }
}

async function playThrough(
  { input, expected }: Case,
  toSender: (aws: string) => Sender,
): Promise<string[]> {
  const rig = await openRig()
  const sender = toSender(rig.spillway.urls.aws ?? '')
  try {
    rig.spillway.reload(appFor(rig, input.given))
    const problems = Object.keys(expected)
      .filter((key) => key !== 'calls')
      .map(unknownKey)
    for (const [i, given] of (input.calls as Json[]).entries()) {
      const response = await make(sender, given)
      problems.push(
        ...callProblems(expected.calls[i], response).map((text) => `${given.call}: ${text}`),
      )
    }
    return problems
  } finally {
    sender.close()
    await rig.close()
  }
}

/** @throws {NotBuilt} for what a case is given that cannot be set up. */
function appFor(rig: Rig, { functions, account, queues = [], ...rest }: Json): App {
  const [unbuilt] = Object.keys(rest)
  if (unbuilt !== undefined) throw new NotBuilt(`given ${unbuilt}`)
  const app = backgroundApp(
    functions.map((given: Json) => functionOf(rig, given)),
    { queues: queues.map((name: string) => queueNamed(name)) },
  )
  if (account === undefined) return app
  const { ConcurrentExecutions: maxConcurrency, MinUnreserved: min, ...others } = account
  // The floor follows from the account's size; see decisions.
  if (min !== Math.min(100, maxConcurrency / 10)) throw new NotBuilt(`given account minimum ${min}`)
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) throw new NotBuilt(`given account ${unknown}`)
  return { ...app, limits: { ...app.limits, account: { maxConcurrency } } }
}

function functionOf(rig: Rig, { name, runtime, handler, files = {} }: Json): CaseFunction {
  return {
    name,
    taskRoot: rig.folder(name, files),
    timeoutMs: 3000,
    ...(runtime === undefined ? {} : { runtime }),
    ...(handler === undefined ? {} : { handler }),
  }
}

/** What a call waits for, by the answer's body: it is made again until that says so. */
const WAITS: Readonly<Record<string, (body: Json) => boolean>> = {
  provisioned: ({ Status }) => Status !== 'IN_PROGRESS',
}

async function make(
  sender: Sender,
  { call, headers = {}, body, waitFor }: Json,
): Promise<WireResponse> {
  const [method = 'GET', target = '/'] = (call as string).split(' ')
  const filled = fill(body, variablesOf('fn'))
  const once = async (): Promise<WireResponse> => {
    const response = await sender.send({ method, target, headers, body: filled })
    const [errorType = ''] = headerValues(response, 'x-amzn-errortype')
    if (errorType.startsWith('UnknownOperation')) throw new NotBuilt(`${method} ${target}`)
    return response
  }
  if (waitFor === undefined) return await once()
  const isOver = WAITS[waitFor]
  if (isOver === undefined) throw new NotBuilt(`waitFor ${waitFor}`)
  return await until(waitFor, async () => {
    const response = await once()
    return isOver(JSON.parse(response.body.toString())) ? response : undefined
  })
}

function callProblems({ bodyText, ...expected }: Json, response: WireResponse): string[] {
  const body = bodyText === undefined ? {} : { body: bodyText }
  return responseProblems({ ...expected, ...body }, response, { vars: variablesOf('fn') })
}
