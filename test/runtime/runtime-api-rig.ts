import { readFileSync } from 'node:fs'
import type { TestContext } from 'node:test'
import type { Outcome } from '../../src/invoke/invocation.ts'
import { bootstrapFolder } from '../support/bootstraps.ts'
import { RELAY_BOOTSTRAP, relayOf, type Relay } from '../support/relay.ts'
import { until } from '../support/until.ts'
import { openRig, type Given, type Rig, type RigOptions } from './rig.ts'

export const BASE = '/2018-06-01/runtime'
export const NEXT = { method: 'GET', target: `${BASE}/invocation/next` }

/** A rig whose one function brings the program of this folder. */
export function openProvidedRig(
  t: TestContext,
  taskRoot: string,
  options: Partial<NonNullable<RigOptions['functions']>[number]> & Pick<RigOptions, 'clock'> = {},
): Rig {
  const { clock, ...fn } = options
  const functions = [
    {
      name: 'effect',
      runtime: 'provided.al2023',
      taskRoot,
      environment: { FOLDER: taskRoot },
      ...fn,
    },
  ]
  return openRig(t, { functions, ...(clock === undefined ? {} : { clock }) })
}

/** An invocation that waits for its environment to do what the test says. */
export interface Relayed {
  readonly rig: Rig
  readonly relay: Relay
  readonly pid: number
  readonly outcome: Promise<Outcome>
}

/** Invokes a function whose environment makes the calls it is told to. */
export async function invokeRelayed(
  t: TestContext,
  event: unknown = {},
  { given = {}, ...fn }: Parameters<typeof openProvidedRig>[2] & { given?: Given } = {},
): Promise<Relayed> {
  const folder = bootstrapFolder(RELAY_BOOTSTRAP)
  const rig = openProvidedRig(t, folder, fn)
  const outcome = rig.invoke(event, given)
  const pid = await until('the environment', () => rig.pids()[0])
  return { rig, relay: await relayOf(folder, pid), pid, outcome }
}

/** Takes the next invocation and gives its id. */
export async function take(relay: Relay): Promise<string> {
  const { headers } = await relay.call(NEXT)
  return headerOf(headers, 'lambda-runtime-aws-request-id') ?? ''
}

export function headerOf(
  headers: readonly (readonly [string, string])[],
  name: string,
): string | undefined {
  return headers.find(([each]) => each.toLowerCase() === name)?.[1]
}

/** Where the Runtime API of a process listens. */
export function portOf(pid: number): number {
  const environ = readFileSync(`/proc/${pid}/environ`, 'latin1')
  return Number(/AWS_LAMBDA_RUNTIME_API=127\.0\.0\.1:(\d+)/.exec(environ)?.[1])
}

export function response(id: string, mode?: string): { method: string; target: string } & Headers {
  const headers = mode === undefined ? {} : { 'Lambda-Runtime-Function-Response-Mode': mode }
  return { method: 'POST', target: `${BASE}/invocation/${id}/response`, headers }
}

interface Headers {
  readonly headers: Readonly<Record<string, string>>
}
