import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'

/** Something that serves the article's POST and is measured. */
export interface Peer {
  readonly name: PeerName
  readonly title: string
  /** Load it gets before the first sample. */
  readonly warmUpSeconds: number
  /** The path of a second function, not yet called; absent where there are no functions. */
  readonly secondPath?: string
  command(port: number): Promise<Command>
}

/** How a peer is started. */
export interface Command {
  /** Default: Node. */
  readonly program?: string
  readonly args: readonly string[]
  readonly cwd: string
}

export type PeerName =
  | 'bare'
  | 'express'
  | 'serverless-offline'
  | 'workerd'
  | 'spillway'
  | 'spillway-64'
  | `spillway-${'node' | 'express' | 'express-parser' | 'fastify' | 'hono'}`

const ROOT = join(import.meta.dirname, '../..')
const PEERS_DIRECTORY = join(import.meta.dirname, '../peers')
const LEAD_DIRECTORY = join(PEERS_DIRECTORY, 'lead')

/** Every peer; all on Node run on that of the benchmark. The first is what the others divide by. */
export const PEERS: readonly Peer[] = [
  script('bare', 'bare node:http', ['bare.mjs']),
  script('express', 'Express 5 + lambdaToExpress of the article', ['express.mjs']),
  script('spillway-node', 'spillway/node', ['spillway-node.mjs']),
  script('spillway-express', 'spillway/express', ['spillway-express.mjs']),
  script('spillway-express-parser', 'spillway/express behind express.json()', [
    'spillway-express.mjs',
    'parser',
  ]),
  script('spillway-fastify', 'spillway/fastify', ['spillway-fastify.mjs']),
  script('spillway-hono', 'spillway/hono on @hono/node-server', ['spillway-hono.mjs']),
  {
    name: 'workerd',
    title: 'workerd',
    warmUpSeconds: 3,
    command: async (port) => ({
      program: join(PEERS_DIRECTORY, 'node_modules/@cloudflare/workerd-linux-64/bin/workerd'),
      args: ['serve', 'worker.capnp', '--socket-addr', `http=127.0.0.1:${port}`],
      cwd: PEERS_DIRECTORY,
    }),
  },
  {
    name: 'serverless-offline',
    title: 'serverless-offline, worker threads',
    // It starts a thread for each concurrent request and takes that long to have them all up.
    warmUpSeconds: 15,
    secondPath: '/second/42',
    command: serverlessOffline,
  },
  {
    name: 'spillway',
    title: 'Spillway, isolated processes',
    warmUpSeconds: 5,
    secondPath: '/second/42',
    command: async (port) => spillway(port, []),
  },
  {
    name: 'spillway-64',
    title: 'Spillway, 64 at a time in an environment',
    warmUpSeconds: 5,
    secondPath: '/second/42',
    command: async (port) => spillway(port, ['-c', 'many.yml']),
  },
]

/** A script of the peers' folder, which takes the port first. */
function script(name: PeerName, title: string, [file = '', ...rest]: readonly string[]): Peer {
  return {
    name,
    title,
    warmUpSeconds: 3,
    command: async (port) => ({ args: [file, `${port}`, ...rest], cwd: PEERS_DIRECTORY }),
  }
}

function spillway(port: number, flags: readonly string[]): Command {
  const ports = ['-p', `${port}`, '--aws-port', '0', '--admin-port', '0']
  const main = join(ROOT, 'bin/spillway.js')
  const data = ['--data-dir', mkdtempSync(join(tmpdir(), 'spillway-bench-'))]
  const args = [main, 'start', '.', ...flags, ...ports, ...data, '--json']
  return { args, cwd: LEAD_DIRECTORY }
}

async function serverlessOffline(port: number): Promise<Command> {
  const main = join(PEERS_DIRECTORY, 'node_modules/osls/bin/serverless.js')
  const ports = ['--httpPort', `${port}`, '--lambdaPort', `${await freePort()}`]
  return { args: [main, 'offline', 'start', '--host', '127.0.0.1', ...ports], cwd: LEAD_DIRECTORY }
}

/**
 * The peers that `--only` names, in their own order; all without it.
 * @throws {Error} naming the known ones, for an unknown one.
 */
export function choosePeers(only: string | undefined): readonly Peer[] {
  if (only === undefined) return PEERS
  const names = only.split(',')
  const unknown = names.find((name) => !PEERS.some((peer) => peer.name === name))
  if (unknown !== undefined) {
    const known = PEERS.map(({ name }) => name).join(', ')
    throw new Error(`--only: expected some of ${known}, got: ${unknown}`)
  }
  return PEERS.filter(({ name }) => names.includes(name))
}

/** Puts in place what the peers need and a fresh clone has not. @throws {Error} when npm fails. */
export function preparePeers(peers: readonly Peer[]): void {
  if (!areInstalled()) {
    run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], PEERS_DIRECTORY)
  }
  if (peers.some(({ name }) => name.startsWith('spillway')))
    run('npm', ['run', '--silent', 'build'], ROOT)
}

/** And as the lock says now: npm leaves its own copy when it is done. */
function areInstalled(): boolean {
  const installed = join(PEERS_DIRECTORY, 'node_modules', '.package-lock.json')
  const lock = join(PEERS_DIRECTORY, 'package-lock.json')
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs
}

function run(command: string, args: readonly string[], cwd: string): void {
  const { status } = spawnSync(command, args, { cwd, stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed in ${cwd}`)
}
