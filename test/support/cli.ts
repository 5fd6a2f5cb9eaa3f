import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { makeFolder } from './service.ts'

/** The built CLI: `npm run build` comes first. */
const CLI = join(import.meta.dirname, '../../bin/spillway.js')

/** How a process ended: its exit code, or the signal that ended it. */
export type Exit = number | NodeJS.Signals | null

/** A command that is over. */
export interface Ran {
  readonly exit: Exit
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  /** Default: the folder of the tests. */
  readonly cwd?: string
  /** Added to the tests' own variables. */
  readonly env?: Readonly<Record<string, string>>
  /** What is started instead of this folder's CLI, before the arguments. */
  readonly command?: readonly [string, ...string[]]
}

/** A `spillway dev` or `start` that is ready. */
export interface Server {
  readonly pid: number
  readonly api: string
  readonly aws: string
  readonly admin: string
  /** Resolves when stdout or stderr had a line that matches, with that line. */
  readonly line: (pattern: RegExp) => Promise<string>
  /** False once the process has ended, for whatever reason. */
  readonly isUp: () => boolean
  /** Asks it to end (SIGTERM) and resolves when it has, with how. */
  readonly stop: () => Promise<Exit>
}

/** Runs the CLI to its end; one that has none is ended after the test. */
export async function runCli(
  t: TestContext,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ran> {
  const child = start(args, options)
  t.after(() => child.kill('SIGTERM'))
  return await endOf(child)
}

/** Runs any command to its end. */
export async function runCommand(
  command: readonly [string, ...string[]],
  options: Omit<RunOptions, 'command'> = {},
): Promise<Ran> {
  return await endOf(start([], { ...options, command }))
}

async function endOf(child: ChildProcess): Promise<Ran> {
  const [stdout, stderr, exit] = await Promise.all([
    child.stdout?.toArray(),
    child.stderr?.toArray(),
    exitOf(child),
  ])
  return { exit, stdout: textOf(stdout), stderr: textOf(stderr) }
}

/**
 * Starts `spillway dev` or `start` on free ports and waits until it is ready; stopped after the test.
 * @throws {Error} when it ends before it is ready, with what it said.
 */
export async function startCli(
  t: TestContext,
  args: readonly ['dev' | 'start', ...string[]],
  options: RunOptions = {},
): Promise<Server> {
  const ports = ['--port', '0', '--aws-port', '0', '--admin-port', '0']
  const child = start([...args, ...ports, '--json'], options)
  const exit = exitOf(child)
  let up = true
  void exit.then(() => (up = false))
  const lines = watchLines(child)
  const { pid } = child
  if (pid === undefined) throw new Error(`${child.spawnfile} could not be started`)
  const stop = async (): Promise<Exit> => {
    if (up) process.kill(options.command === undefined ? pid : -pid, 'SIGTERM')
    return await exit
  }
  t.after(stop)
  const ready = lines.find(/^\{"event":"ready"/)
  const ended = exit.then((how) => {
    throw new Error(`spillway ended (${how}) before it was ready:\n${lines.seen.join('\n')}`)
  })
  ended.catch(() => {}) // Once the test is over it will end.
  const urls = JSON.parse(await Promise.race([ready, ended])) as Record<
    'api' | 'aws' | 'admin',
    string
  >
  return { ...urls, pid, line: lines.find, isUp: () => up, stop }
}

function start(args: readonly string[], { cwd, env, command }: RunOptions): ChildProcess {
  const [file, ...before] = command ?? [process.execPath, CLI]
  return spawn(file, [...before, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Tests run beside each other, and one process has a folder at a time.
    env: { ...process.env, NO_COLOR: '1', SPILLWAY_DATA_DIR: makeFolder(), ...env },
    ...(cwd === undefined ? {} : { cwd }),
    // A group of its own: npx and its shell do not pass a signal on to what they start.
    detached: command !== undefined,
  })
}

async function exitOf(child: ChildProcess): Promise<Exit> {
  const { promise, resolve, reject } = Promise.withResolvers<Exit>()
  child.once('close', (code, signal) => resolve(code ?? signal))
  child.once('error', reject)
  return await promise
}

interface Lines {
  readonly find: (pattern: RegExp) => Promise<string>
  readonly seen: readonly string[]
}

function watchLines(child: ChildProcess): Lines {
  const seen: string[] = []
  const watchers = new Set<(line: string) => void>()
  for (const input of [child.stdout, child.stderr]) {
    if (input === null) continue
    createInterface({ input }).on('line', (line) => {
      seen.push(line)
      for (const watcher of watchers) watcher(line)
    })
  }
  return {
    seen,
    async find(pattern) {
      const { promise, resolve } = Promise.withResolvers<string>()
      const watcher = (line: string): void => {
        if (pattern.test(line)) resolve(line)
      }
      for (const line of seen) watcher(line)
      watchers.add(watcher)
      return await promise.finally(() => watchers.delete(watcher))
    },
  }
}

function textOf(chunks: Buffer[] | undefined): string {
  return Buffer.concat(chunks ?? []).toString()
}
