import http from 'node:http'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { describeMachine } from './support/machine.ts'
import { serve, type Served } from './support/served.ts'
import { formatSummary, summarize } from './support/stats.ts'
import { formatTable } from './support/table.ts'

/**
 * What does an Invoke through the AWS endpoint take? Warm, beside an empty node:http server, on one
 * keep-alive connection each; and the first call of a function, from the request to the response,
 * with and without an interpreter started ahead. See README.md for the method. Milliseconds.
 */

const ROOT = join(import.meta.dirname, '..')
/** Calls of one sample; its p50 counts. */
const CALLS = 400
/** How long a spare needs to be up again, generously: a first call must find one or must find none. */
const SETTLE_MS = 700

const HANDLERS: Readonly<Record<string, string>> = {
  'index.js': 'exports.handler = async () => null\n',
  'app.py': 'def handler(event, context):\n    return None\n',
}

const RUNTIMES = [
  { title: 'Node', runtime: 'nodejs24.x', handler: 'index.handler', empty: ['node', '-e', '0'] },
  { title: 'Python', runtime: 'python3.11', handler: 'app.handler', empty: ['python3', '-c', '0'] },
] as const

type Runtime = (typeof RUNTIMES)[number]

async function main(rounds: number): Promise<void> {
  spawnSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, stdio: ['ignore', 2, 2] })
  const warm = await measureWarm(rounds)
  process.stdout.write(`${describeMachine()}; median (range) of ${rounds}\n\n`)
  process.stdout.write(`${warm}\n\n${await measureFirst(rounds)}\n`)
}

async function measureWarm(rounds: number): Promise<string> {
  const empty = http.createServer((_, response) => response.end('null'))
  await new Promise<void>((resolve) => empty.listen(0, '127.0.0.1', resolve))
  const { port } = empty.address() as { port: number }
  const functions = RUNTIMES.map(({ title: name, runtime, handler }) => ({
    name,
    runtime,
    handler,
  }))
  const served = await serve(service(functions, 1))
  const bare = caller(`http://127.0.0.1:${port}`, '/')
  const peers = RUNTIMES.map(({ title }) => ({
    title,
    call: invoker(served, title),
    ms: [] as number[],
    ratios: [] as number[],
  }))
  const bareMs: number[] = []
  for (const { call } of peers) await sample(call)
  await sample(bare)
  for (let round = 0; round < rounds; round++) {
    const beside = await sample(bare)
    bareMs.push(beside)
    for (const peer of round % 2 === 0 ? peers : peers.toReversed()) {
      const ms = await sample(peer.call)
      peer.ms.push(ms)
      peer.ratios.push(ms / beside)
    }
  }
  await served.stop()
  empty.close()
  const rows = peers.map(({ title, ms, ratios }) => [
    `warm Invoke, ${title}`,
    formatSummary(summarize(ms), 3),
    formatSummary(summarize(ratios), 2),
  ])
  return formatTable(
    ['one connection', 'p50 ms', '÷ empty node:http'],
    [['empty node:http', formatSummary(summarize(bareMs), 3), '1'], ...rows],
  )
}

async function measureFirst(rounds: number): Promise<string> {
  const rows: string[][] = []
  for (const runtime of RUNTIMES) {
    const without = await firstCalls(runtime, rounds, 0)
    const withOne = await firstCalls(runtime, rounds, 1)
    rows.push([
      `first call, ${runtime.title}`,
      formatSummary(summarize(without.emptyMs), 1),
      formatSummary(summarize(without.ms), 1),
      formatSummary(summarize(withOne.ms), 1),
    ])
  }
  return formatTable(
    ['request to response, ms', 'an empty process', 'no spare', 'with a spare'],
    rows,
  )
}

interface FirstCalls {
  readonly ms: readonly number[]
  /** From the start of an interpreter with nothing to do to its end, before each of them. */
  readonly emptyMs: readonly number[]
}

/** The first call of one function after another, none of which was called before. */
async function firstCalls(
  { runtime, handler, empty: [command, ...args] }: Runtime,
  rounds: number,
  spares: number,
): Promise<FirstCalls> {
  const functions = Array.from({ length: rounds + 1 }, (_, at) => ({
    name: `f${at}`,
    runtime,
    handler,
  }))
  const served = await serve(service(functions, spares))
  const ms: number[] = []
  const emptyMs: number[] = []
  for (const { name } of functions) {
    const beforeMs = performance.now()
    spawnSync(command, args)
    emptyMs.push(performance.now() - beforeMs)
    const call = invoker(served, name)
    const sinceMs = performance.now()
    await call()
    // The first of all finds no spare: nobody has called anything yet.
    if (name !== 'f0') ms.push(performance.now() - sinceMs)
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
  }
  await served.stop()
  return { ms, emptyMs }
}

function service(
  functions: readonly {
    readonly name: string
    readonly runtime: string
    readonly handler: string
  }[],
  spares: number,
): Record<string, string> {
  const entries = functions.map(
    ({ name, runtime, handler }) =>
      `  ${name}: { name: ${name}, runtime: ${runtime}, handler: ${handler}, memorySize: 128 }`,
  )
  return {
    ...HANDLERS,
    'serverless.yml': `service: bench\nprovider: { name: aws }\nfunctions:\n${entries.join('\n')}\n`,
    'spillway.yml': `environments: { spares: ${spares} }\n`,
  }
}

function invoker(served: Served, name: string): () => Promise<void> {
  return caller(served.awsUrl, `/2015-03-31/functions/${name}/invocations`)
}

/** Calls on one connection that is kept. */
function caller(url: string, path: string): () => Promise<void> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  return async () => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const request = http.request(`${url}${path}`, { method: 'POST', agent }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('end', () => {
        if (response.statusCode === 200 && text === 'null') resolve()
        else reject(new Error(`${path} answered ${response.statusCode} ${text}`))
      })
    })
    request.on('error', reject)
    request.end('{}')
    await promise
  }
}

async function sample(call: () => Promise<void>): Promise<number> {
  const ms: number[] = []
  for (let i = 0; i < CALLS; i++) {
    const sinceMs = performance.now()
    await call()
    ms.push(performance.now() - sinceMs)
  }
  return ms.toSorted((a, b) => a - b)[CALLS / 2] ?? NaN
}

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '15' } } })
await main(Number(values.rounds))
