import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createClient, type Client } from './client.ts'
import { SERVICE_FOLDER } from './manifest.ts'

const ROOT = join(SERVICE_FOLDER, '../..')
/** What is kept of what the server says, for when it does not start. */
const OUTPUT_CHARS = 4000

/** A Spillway in a process of its own, and connections to its three listeners. */
export interface Running {
  readonly api: Client
  readonly aws: Client
  readonly admin: Client
  stop(): Promise<void>
}

/**
 * Starts `spillway start` on free ports, with this policy, and queues of its own.
 * @throws {Error} with the end of its output, when it ends before it is ready.
 */
export async function startServer(policyFile: string, dataDir: string): Promise<Running> {
  if (!existsSync(join(ROOT, 'dist/cli/main.js'))) {
    throw new Error('Spillway is not built; run: npm run build')
  }
  const ports = ['--port', '0', '--aws-port', '0', '--admin-port', '0']
  const flags = ['--config', policyFile, '--data-dir', dataDir, '--json', '-q']
  const child = spawn(
    process.execPath,
    ['bin/spillway.js', 'start', SERVICE_FOLDER, ...flags, ...ports],
    { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const urls = await readyLine(child)
  const [api, aws, admin] = [urls.api, urls.aws, urls.admin].map(createClient)
  if (api === undefined || aws === undefined || admin === undefined) throw new Error('impossible')
  const stop = async (): Promise<void> => {
    for (const client of [api, aws, admin]) client.close()
    if (child.exitCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  return { api, aws, admin, stop }
}

async function readyLine(child: ChildProcess): Promise<Record<'api' | 'aws' | 'admin', string>> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let output = ''
  const keep = (text: string): void => {
    output = (output + text).slice(-OUTPUT_CHARS)
  }
  child.stderr?.setEncoding('utf8').on('data', keep)
  child.once('error', reject)
  child.once('exit', (code, signal) =>
    reject(new Error(`spillway ended (${code ?? signal}) before it was ready:\n${output}`)),
  )
  if (child.stdout === null) throw new Error('spillway has no output')
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => {
    if (line.startsWith('{"event":"ready"')) resolve(line)
    else keep(`${line}\n`)
  })
  const line = await promise
  // START, END and REPORT of each invocation: nobody reads them here.
  lines.close()
  child.stdout.resume()
  return JSON.parse(line) as Record<'api' | 'aws' | 'admin', string>
}
