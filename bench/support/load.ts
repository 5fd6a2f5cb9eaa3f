import { execFile, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { endedChildrenCpuUs, GENERATOR_CORE } from './proc.ts'
import { REQUEST } from './workload.ts'

/** One burst of load, as the generator saw it. */
export interface Load {
  readonly requests: number
  readonly requestsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Answers other than 2xx, broken connections and timeouts together. */
  readonly errors: number
  /** The generator's share of its core. Near 1 it measured itself. */
  readonly generatorBusy: number
}

/** What puts load on a peer. */
export interface Generator {
  readonly name: string
  run(port: number, connections: number, seconds: number): Promise<Load>
}

const execute = promisify(execFile)

const AUTOCANNON = join(import.meta.dirname, '../peers/node_modules/autocannon/autocannon.js')
const WRK_SCRIPT = join(import.meta.dirname, 'lead.lua')

/** wrk where the machine has it (Debian: wrk), because it needs half of autocannon's CPU; else that. */
export function findGenerator(): Generator {
  const found = spawnSync('wrk', ['--version']).error === undefined
  return found ? { name: 'wrk', run: runWrk } : { name: 'autocannon', run: runAutocannon }
}

async function runWrk(port: number, connections: number, seconds: number): Promise<Load> {
  const flags = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', WRK_SCRIPT]
  const { text, busyUs } = await pinned(['wrk', ...flags, `http://127.0.0.1:${port}`])
  return readWrk(text, busyUs)
}

/** Reads the line that `lead.lua` writes at the end. @throws {Error} when there is none. */
export function readWrk(text: string, busyUs: number): Load {
  const line = text.split('\n').find((each) => each.startsWith('{'))
  if (line === undefined) throw new Error(`wrk said nothing that could be read: ${text}`)
  const said = JSON.parse(line) as Record<
    'requests' | 'durationUs' | 'p50Us' | 'p99Us' | 'errors',
    number
  >
  return {
    requests: said.requests,
    requestsPerSecond: said.requests / (said.durationUs / 1e6),
    p50Ms: said.p50Us / 1000,
    p99Ms: said.p99Us / 1000,
    errors: said.errors,
    generatorBusy: busyUs / said.durationUs,
  }
}

async function runAutocannon(port: number, connections: number, seconds: number): Promise<Load> {
  const { method, path, headers, body } = REQUEST
  const header = `content-type=${headers['content-type']}`
  const flags = ['-j', '-n', '-c', `${connections}`, '-d', `${seconds}`, '-m', method, '-H', header]
  const url = `http://127.0.0.1:${port}${path}`
  const { text, busyUs } = await pinned([process.execPath, AUTOCANNON, ...flags, '-b', body, url])
  return readAutocannon(text, busyUs)
}

/** Reads autocannon's JSON. Its percentiles are whole milliseconds. */
export function readAutocannon(text: string, busyUs: number): Load {
  const said = JSON.parse(text) as {
    readonly requests: { readonly total: number }
    readonly latency: { readonly p50: number; readonly p99: number }
    readonly duration: number
    readonly errors: number
    readonly timeouts: number
    readonly non2xx: number
  }
  return {
    requests: said.requests.total,
    requestsPerSecond: said.requests.total / said.duration,
    p50Ms: said.latency.p50,
    p99Ms: said.latency.p99,
    errors: said.errors + said.timeouts + said.non2xx,
    generatorBusy: busyUs / (said.duration * 1e6),
  }
}

/** Runs a command on the generator's core; `busyUs` is the CPU time it took. */
async function pinned(command: readonly string[]): Promise<{ text: string; busyUs: number }> {
  const beforeUs = endedChildrenCpuUs()
  const { stdout } = await execute('taskset', ['-c', `${GENERATOR_CORE}`, ...command])
  return { text: stdout, busyUs: endedChildrenCpuUs() - beforeUs }
}
