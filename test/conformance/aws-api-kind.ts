import { appOf, variablesOf, type CaseFunction } from './app.ts'
import { NotBuilt, fill, type Case, type Json } from './cases.ts'
import { responseProblems, unknownKey } from './response.ts'
import { openRig, type Rig } from './rig.ts'
import { headerValues, send, type WireResponse } from './wire.ts'

/**
 * Kind `aws-api`: calls of the Lambda API, one after the other. Each case gets a Spillway of its own,
 * because limits that a case changes outlive a reload.
 */
export async function playAwsApi(_: Rig, { input, expected }: Case): Promise<string[]> {
  const unbuilt = Object.keys(input.given).find((key) => key !== 'functions')
  if (unbuilt !== undefined) throw new NotBuilt(`given ${unbuilt}`)
  const rig = await openRig()
  try {
    rig.spillway.reload(appOf(input.given.functions.map((given: Json) => functionOf(rig, given))))
    const problems = Object.keys(expected)
      .filter((key) => key !== 'calls')
      .map(unknownKey)
    for (const [i, call] of (input.calls as Json[]).entries()) {
      const response = await make(rig, call)
      problems.push(
        ...callProblems(expected.calls[i], response).map((text) => `${call.call}: ${text}`),
      )
    }
    return problems
  } finally {
    await rig.close()
  }
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

async function make(rig: Rig, { call, headers = {}, body, waitFor }: Json): Promise<WireResponse> {
  if (waitFor !== undefined) throw new NotBuilt(`waitFor ${waitFor}`)
  const { aws } = rig.spillway.urls
  if (aws === undefined) throw new Error('the AWS endpoint is not listened on')
  const [method = 'GET', target = '/'] = (call as string).split(' ')
  const text: string | undefined =
    body?.$raw ?? (body === undefined ? undefined : JSON.stringify(body))
  const response = await send(aws, {
    method,
    target,
    headers: Object.entries(headers as Record<string, string>),
    ...(text === undefined ? {} : { body: fill(text, variablesOf('fn')) }),
  })
  const [errorType = ''] = headerValues(response, 'x-amzn-errortype')
  if (errorType.startsWith('UnknownOperation')) throw new NotBuilt(`${method} ${target}`)
  return response
}

function callProblems({ bodyText, ...expected }: Json, response: WireResponse): string[] {
  const body = bodyText === undefined ? {} : { body: bodyText }
  return responseProblems({ ...expected, ...body }, response, { vars: variablesOf('fn') })
}
