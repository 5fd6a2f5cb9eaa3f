import { execFileSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder, writeFiles, type Files } from './service.ts'

/**
 * A folder with an executable `bootstrap`, and an empty file `effects`, where its handlers leave
 * `start <id> <pid>` and `end <id> <pid>`.
 */
export function bootstrapFolder(bootstrap: string, files: Files = {}): string {
  const folder = makeFolder({ bootstrap, effects: '', ...files })
  chmodSync(join(folder, 'bootstrap'), 0o755)
  chmodSync(join(folder, 'effects'), 0o666)
  return folder
}

/** Whether a command is there; else the loud line for `t.skip`. */
export function missing(command: string, ...args: readonly string[]): string | undefined {
  try {
    execFileSync(command, args, { stdio: 'ignore' })
    return undefined
  } catch {
    return `!! SKIPPED: needs ${command}, which is not here`
  }
}

/** Compiles C into `bootstrap`. */
export function compileC(source: string): string {
  const folder = bootstrapFolder('')
  writeFiles(folder, { 'bootstrap.c': source })
  execFileSync('gcc', ['-O1', '-o', join(folder, 'bootstrap'), join(folder, 'bootstrap.c')])
  return folder
}

/**
 * A runtime in Node on one connection that is kept. `handle(event, id, api)` is the handler; what it
 * gives back is the answer. `api(method, path, body, headers)` makes any call of the Runtime API.
 */
export function nodeBootstrap(handle: string, before: string = ''): string {
  return `#!${process.execPath}
const { Agent, request } = process.getBuiltinModule('node:http')
const { appendFileSync, existsSync } = require('node:fs')
const { setTimeout: after } = require('node:timers/promises')
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':')
const base = '/2018-06-01/runtime'
const say = (what, id) => appendFileSync(process.env.LAMBDA_TASK_ROOT + '/effects', what + ' ' + id + ' ' + process.pid + '\\n')
const has = (name) => existsSync(process.env.LAMBDA_TASK_ROOT + '/' + name)
const agent = new Agent({ keepAlive: true })
const api = (method, path, body, headers = {}) => new Promise((resolve, reject) => {
  const sent = request({ agent, host, port, method, path: base + path, headers }, (response) => {
    const chunks = []
    response.on('data', (chunk) => chunks.push(chunk))
    response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() }))
    response.on('error', reject)
  })
  sent.on('error', reject)
  sent.end(body)
})
const handle = ${handle}
const serve = async () => {
  for (;;) {
    const { status, headers, body } = await api('GET', '/invocation/next')
    if (status !== 200) throw new Error('next: ' + status + ' ' + body)
    const id = headers['lambda-runtime-aws-request-id']
    const result = await handle(JSON.parse(body), id, api, headers)
    if (result !== undefined) await api('POST', '/invocation/' + id + '/response', JSON.stringify(result))
  }
}
${before}
if (process.argv[2] !== 'stay') void serve()
`
}

/** As `EFFECTS` of the rig: with `hold` it ends once a file of that name is there. */
export const EFFECT_HANDLER = `async ({ id, hold }) => {
  say('start', id)
  while (hold !== undefined && !has(hold)) await after(5)
  say('end', id)
  return process.pid
}`
