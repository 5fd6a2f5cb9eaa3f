import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { environmentsOf } from '../support/environments.ts'
import { RELAY_BOOTSTRAP, relayOf, type Relay } from '../support/relay.ts'
import { until } from '../support/until.ts'
import { appOf, functionNameOf, variablesOf } from './app.ts'
import { fill, type Case, type Json } from './cases.ts'
import { match } from './match.mjs'
import { responseProblems, type Context } from './response.ts'
import type { Rig } from './rig.ts'
import { headerValues, send, type WireResponse } from './wire.ts'

/** Kind `runtime-api`: a runtime that makes the calls of the case, from the environment's own process. */
export async function playRuntimeApi(rig: Rig, { id, input, expected }: Case): Promise<string[]> {
  const name = functionNameOf(id)
  const taskRoot = rig.folder(name, { bootstrap: RELAY_BOOTSTRAP })
  chmodSync(join(taskRoot, 'bootstrap'), 0o755)
  rig.spillway.reload(appOf([{ name, taskRoot, runtime: input.runtime, handler: 'bootstrap' }]))
  const steps: Json[] = input.steps
  const invoked = invoke(rig, name, steps.find((step) => step.invoke)?.invoke)
  const relay = await relayOf(taskRoot, await pidOf(name))
  const problems: string[] = []
  let vars: Readonly<Record<string, string>> = variablesOf(name)
  for (const [n, step] of steps.entries()) {
    const want: Json = expected.steps[n]
    const response = await call(relay, fill(step, vars))
    const [requestId] = headerValues(response, 'lambda-runtime-aws-request-id')
    if (requestId !== undefined) vars = { ...vars, requestId }
    const { invokeResult, ...answer } = want
    const found = responseProblems(answer, response, { vars })
    if (invokeResult !== undefined) found.push(...resultProblems(invokeResult, await invoked, vars))
    problems.push(...found.map((problem) => `/steps/${n}${problem}`))
  }
  // What was not answered ends with its environment.
  await relay.exit(0)
  await invoked
  return problems
}

async function pidOf(name: string): Promise<number> {
  return await until(
    'the environment of the case',
    () => environmentsOf(process.pid).find(({ functionName }) => functionName === name)?.pid,
  )
}

async function invoke(rig: Rig, name: string, given: Json): Promise<WireResponse> {
  return await send(rig.spillway.urls.aws ?? '', {
    method: 'POST',
    target: `/2015-03-31/functions/${name}/invocations`,
    headers: [],
    body: JSON.stringify(given?.payload ?? {}),
  })
}

async function call(relay: Relay, { call: line, headers, body }: Json): Promise<WireResponse> {
  const [method = '', target = ''] = String(line).split(' ')
  const answer = await relay.call({ method, target, headers, body })
  return { method, ...answer, body: Buffer.from(answer.body) }
}

function resultProblems(want: Json, result: WireResponse, vars: Context['vars']): string[] {
  const seen = {
    payload: JSON.parse(result.body.toString()),
    functionError: headerValues(result, 'x-amz-function-error')[0] ?? null,
  }
  return match(want, seen, { vars }, '/invokeResult')
}
