import { spawn, type ChildProcess } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { findLauncher, type Bounds, type Launched } from './launch/launcher.ts'
import { createStartMark, type StartMark } from './start-mark.ts'

/** How a process ended. */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** The kernel killed it at its memory limit. */
  readonly outOfMemory: boolean
  /** There never was a process: why. */
  readonly spawnError?: string
}

/** A child process with the two pipes of `frames.ts` and the start mark. */
export interface EnvironmentProcess {
  readonly pid: number | undefined
  readonly input: Writable
  readonly output: Readable
  readonly startMark: StartMark
  /** Variables that it was given besides its command's. */
  readonly given: Readonly<Record<string, string>>
  /** What it writes by itself, past the runtime: native code, children. */
  readonly stdout: Readable
  readonly stderr: Readable
  /** Ends the process and all that it started, or asks them to end. Default SIGKILL. */
  kill(signal?: NodeJS.Signals): void
}

export interface ProcessCommand {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** How far it is confined. */
  readonly bounds: Bounds
}

/** A process that outlived its pipe's last byte by this much holds it open in a child: see below. */
const DRAIN_MS = 1000

/**
 * Starts an environment's process in a session of its own, confined. From the main thread alone: it
 * is the death of the thread that started it which ends it.
 *
 * `onGone` is called once, when the process is reaped *and* everything it wrote has been read. Only
 * then is the absence of a start mark or a result a proof: before, it may be on its way.
 * @throws {Error} when the machine is out of something, or the command is none.
 */
export function startProcess(
  { bounds, cwd, ...line }: ProcessCommand,
  onGone: (exit: Exit) => void,
): EnvironmentProcess {
  const launched = findLauncher().launch(line, bounds)
  const startMark = createStartMark()
  const child = spawnWith(startMark, launched, cwd)
  const [, stdout, stderr, input, output] = child.stdio as unknown as Pipes
  // EPIPE here only says what the exit will say with more certainty.
  input.on('error', () => {})
  output.on('error', () => {})
  const kill = (signal?: NodeJS.Signals): void => {
    killGroup(child, signal)
    if (signal === undefined) launched.killRest()
  }
  reportEnd({ child, output, kill }, (how) => {
    onGone({ ...how, outOfMemory: how.signal === 'SIGKILL' && launched.outOfMemory() })
    startMark.close()
    launched.end()
  })
  const { given } = launched
  return { pid: child.pid, input, output, startMark, given, stdout, stderr, kill }
}

function spawnWith(startMark: StartMark, launched: Launched, cwd: string): ChildProcess {
  const { command, args, env } = launched
  try {
    const child = spawn(command, args, {
      cwd,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe', startMark.fd],
    })
    if ((child.stdio as unknown) !== undefined) return child
    // Out of file descriptors, Node gives a child without pipes.
    child.once('error', () => {})
    throw new Error('out of file descriptors')
  } catch (error) {
    startMark.close()
    launched.end()
    throw error
  }
}

type Pipes = [null, Readable, Readable, Writable, Readable]

type Ended = Omit<Exit, 'outOfMemory'>

interface Ending {
  readonly child: ChildProcess
  readonly output: Readable
  readonly kill: () => void
}

function reportEnd({ child, output, kill }: Ending, onEnd: (how: Ended) => void): void {
  let exit: Ended | undefined
  let drained = false
  let told = false
  const settle = (): void => {
    if (exit === undefined || !drained || told) return
    told = true
    onEnd(exit)
  }
  output.once('close', () => {
    drained = true
    settle()
  })
  const ended = (how: Ended): void => {
    if (exit !== undefined) return
    exit = how
    // Whoever paused it: what it holds is the last word.
    output.resume()
    // A grandchild that inherited the pipe would keep it open for ever.
    kill()
    setTimeout(() => output.destroy(), DRAIN_MS).unref()
    settle()
  }
  child.once('exit', (code, signal) => ended({ code, signal }))
  // Could not be started at all: there will be no exit, and nothing to read.
  child.once('error', ({ message }) => {
    if (child.pid !== undefined) return
    drained = true
    ended({ code: null, signal: null, spawnError: message })
  })
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    // Gone already, with all of its group.
  }
}
