import type { TestContext } from 'node:test'
import { startCli, type Server } from './cli.ts'
import { environmentsOf } from './environments.ts'
import { makeFolder } from './service.ts'

/** A server with a hostile function, and an innocent one beside it that has to stay served. */
export interface Beside {
  readonly server: Server
  readonly folder: string
  readonly hostile: (event?: unknown) => Promise<Answer>
  readonly innocent: (event?: unknown) => Promise<Answer>
  /** The processes of a function's environments. */
  readonly pidsOf: (key: 'hostile' | 'innocent') => number[]
}

export interface Answer {
  readonly status: number
  readonly body: unknown
  /** `X-Amz-Function-Error`, where there is one. */
  readonly error: string | null
}

export interface BesideOptions {
  readonly timeoutS?: number
  readonly root?: string
}

/** Is in the innocent function's variables, and must be found by nobody else. */
export const CANARY = 'canary-7d1f0c'

const INNOCENT = `
const { existsSync } = require('node:fs')
const { setTimeout: after } = require('node:timers/promises')
exports.handler = async ({ hold }) => {
  while (hold !== undefined && !existsSync(hold)) await after(5)
  return { served: process.pid }
}
`

/** Starts the built CLI with `hostile.handler` as given. */
export async function openBeside(
  t: TestContext,
  hostile: string,
  { timeoutS = 20, root }: BesideOptions = {},
): Promise<Beside> {
  const manifest = `service: beside
provider: { name: aws, runtime: nodejs24.x, memorySize: 128 }
functions:
  hostile: { handler: hostile.handler, timeout: ${timeoutS} }
  innocent: { handler: innocent.handler, timeout: 60, environment: { SECRET: ${CANARY} } }
`
  const files = { 'serverless.yml': manifest, 'hostile.js': hostile, 'innocent.js': INNOCENT }
  const folder = makeFolder(files, root)
  const server = await startCli(t, ['start', folder])
  const invoke = async (key: string, event: unknown = {}): Promise<Answer> => {
    const url = `${server.aws}/2015-03-31/functions/beside-dev-${key}/invocations`
    const response = await fetch(url, { method: 'POST', body: JSON.stringify(event) })
    const error = response.headers.get('x-amz-function-error')
    return { status: response.status, body: await response.json(), error }
  }
  return {
    server,
    folder,
    hostile: (event) => invoke('hostile', event),
    innocent: (event) => invoke('innocent', event),
    pidsOf: (key) =>
      environmentsOf(server.pid)
        .filter(({ functionName }) => functionName === `beside-dev-${key}`)
        .map(({ pid }) => pid),
  }
}
