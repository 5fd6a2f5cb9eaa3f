import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createConnection, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { createInterface } from 'node:readline'

/** A redis-server of a test's own, on a free port of this machine; it keeps nothing on disk. */
export interface RedisServer {
  readonly url: string
  readonly port: number
  /** Ends it with the signal, by its pid; all it held is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>
  /** Starts it anew, on the same port. */
  start(): Promise<void>
  /** Holds it (SIGSTOP): connections stay open and nothing is answered. Lets it go on again. */
  hold(): void
  goOn(): void
  /** One command, inline; its answer as text. */
  ask(command: string): Promise<string>
}

/** Where `redis-server` is; undefined, and why, where there is none and none can be had. */
export function findRedisServer(): { readonly path: string } | { readonly missing: string } {
  known ??= find()
  return known
}

let known: ReturnType<typeof findRedisServer> | undefined

function find(): { readonly path: string } | { readonly missing: string } {
  for (const name of ['redis-server', 'valkey-server']) {
    const which = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' })
    if (which.status === 0) return { path: which.stdout.trim() }
  }
  return (
    unpacked() ?? { missing: '!! SKIPPED: needs redis-server (Debian: apt install redis-server)' }
  )
}

/** Of Debian 12: the server is in the tools, and all else that it needs is in every image. */
const PACKAGES = ['redis-server', 'redis-tools', 'libjemalloc2', 'liblzf1', 'libatomic1']

/** Debian's package, unpacked into a folder of the tests' own. Its libraries come with it. */
function unpacked(): { readonly path: string } | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-redis-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const options = { cwd: folder, stdio: 'ignore', timeout: 120_000 } as const
  const download = (): boolean =>
    spawnSync('apt-get', ['download', ...PACKAGES], options).status === 0
  // A container's image has no lists; without root there is no getting them.
  if (!download() && spawnSync('apt-get', ['update'], options).status === 0) download()
  const debs = readdirSync(folder).filter((name) => name.endsWith('.deb'))
  for (const deb of debs) spawnSync('dpkg', ['-x', deb, 'root'], options)
  const path = join(folder, 'root/usr/bin/redis-server')
  const works = spawnSync(path, ['--version'], { env: libraries(path), stdio: 'ignore' })
  return works.status === 0 ? { path } : undefined
}

function libraries(path: string): NodeJS.ProcessEnv {
  const root = path.replace(/\/usr\/bin\/.*/, '')
  if (root === '') return process.env
  const folders = ['lib', 'usr/lib'].flatMap((lib) =>
    ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map((machine) => join(root, lib, machine)),
  )
  return { ...process.env, LD_LIBRARY_PATH: folders.join(':') }
}

/** Starts one for a test; it ends with the test. */
export async function startRedis(t: TestContext): Promise<RedisServer> {
  const found = findRedisServer()
  if ('missing' in found) throw new Error(found.missing)
  const port = await freePort()
  let server: ChildProcess | undefined
  const kill = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    const running = server
    server = undefined
    if (running === undefined || running.exitCode !== null) return
    const ended = new Promise((resolve) => running.once('exit', resolve))
    running.kill(signal)
    await ended
  }
  const start = async (): Promise<void> => {
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
    server = spawn(found.path, args, {
      cwd: tmpdir(),
      env: libraries(found.path),
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    for await (const line of createInterface({ input: server.stdout as NodeJS.ReadableStream })) {
      if (!line.includes('Ready to accept connections')) continue
      server.stdout?.resume()
      return
    }
    throw new Error('redis-server has not started')
  }
  t.after(async () => await kill())
  await start()
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    kill,
    start,
    hold: () => void server?.kill('SIGSTOP'),
    goOn: () => void server?.kill('SIGCONT'),
    ask: async (command) => await askInline(port, command),
  }
}

async function askInline(port: number, command: string): Promise<string> {
  const socket = createConnection(port, '127.0.0.1')
  socket.end(`${command}\r\n`)
  return Buffer.concat((await socket.toArray()) as Buffer[]).toString()
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
