import { spawn, type ChildProcess } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { createStartMark, type StartMark } from './start-mark.ts'

/** How a process ended. */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** There never was a process: why. */
  readonly spawnError?: string
}

/** A child process with the two pipes of `frames.ts` and the start mark. */
export interface EnvironmentProcess {
  readonly pid: number | undefined
  readonly input: Writable
  readonly output: Readable
  readonly startMark: StartMark
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
}

/** A process that outlived its pipe's last byte by this much holds it open in a child: see below. */
const DRAIN_MS = 1000

/**
 * Starts an environment's process in a session of its own.
 *
 * `onGone` is called once, when the process is reaped *and* everything it wrote has been read. Only
 * then is the absence of a start mark or a result a proof: before, it may be on its way.
 */
export function startProcess(
  { command, args, cwd, env }: ProcessCommand,
  onGone: (exit: Exit) => void,
): EnvironmentProcess {
  const startMark = createStartMark()
  const child = spawnWith(startMark, { command, args, cwd, env })
  const [, stdout, stderr, input, output] = child.stdio as unknown as Pipes
  // EPIPE here only says what the exit will say with more certainty.
  input.on('error', () => {})
  output.on('error', () => {})
  reportEnd(child, output, (exit) => {
    onGone(exit)
    startMark.close()
  })
  return {
    pid: child.pid,
    input,
    output,
    startMark,
    stdout,
    stderr,
    kill: (signal) => killGroup(child, signal),
  }
}

/** @throws {Error} when the machine is out of something, or the command is none. */
function spawnWith(
  startMark: StartMark,
  { command, args, cwd, env }: ProcessCommand,
): ChildProcess {
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
    throw error
  }
}

type Pipes = [null, Readable, Readable, Writable, Readable]

function reportEnd(child: ChildProcess, output: Readable, onGone: (exit: Exit) => void): void {
  let exit: Exit | undefined
  let drained = false
  const settle = (): void => {
    if (exit === undefined || !drained) return
    const last = exit
    exit = undefined
    onGone(last)
  }
  output.once('close', () => {
    drained = true
    settle()
  })
  const ended = (how: Exit): void => {
    if (exit !== undefined) return
    exit = how
    // Whoever paused it: what it holds is the last word.
    output.resume()
    // A grandchild that inherited the pipe would keep it open for ever.
    killGroup(child)
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
