import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import type { Peer } from './peers.ts'
import { PEER_CORE, readTree, type Tree } from './proc.ts'
import { ask, faultOf } from './workload.ts'

/** A peer that has answered its first request rightly. */
export interface RunningPeer {
  readonly peer: Peer
  readonly port: number
  /** From just before its start to the first right answer. */
  readonly firstAnswerMs: number
  tree(): Tree
  stop(): Promise<void>
}

const START_LIMIT_MS = 60_000
/** How often to knock until it answers; what a cold start is measured to. */
const KNOCK_MS = 1
const STOP_LIMIT_MS = 5000

const running = new Set<ChildProcess>()

/**
 * Starts a peer on the peers' core, its output to a file as under a service manager.
 * @throws {Error} with the end of its output, when it does not come to answer rightly.
 */
export async function startPeer(peer: Peer): Promise<RunningPeer> {
  const port = await freePort()
  const { program = process.execPath, args, cwd } = await peer.command(port)
  const directory = mkdtempSync(join(tmpdir(), 'spillway-bench-'))
  const logFile = join(directory, 'output.log')
  const log = openSync(logFile, 'a')
  const sinceMs = performance.now()
  const child = spawn('taskset', ['-c', `${PEER_CORE}`, program, ...args], {
    cwd,
    env: { ...process.env, SLS_TELEMETRY_DISABLED: '1', SLS_NOTIFICATIONS_MODE: 'off' },
    stdio: ['ignore', log, log],
    detached: true,
  })
  running.add(child)
  closeSync(log)
  const stop = async (): Promise<void> => {
    await end(child)
    rmSync(directory, { recursive: true, force: true })
  }
  const fault = await knock(child, port, sinceMs + START_LIMIT_MS)
  const firstAnswerMs = performance.now() - sinceMs
  if (fault !== undefined) {
    const output = readFileSync(logFile, 'utf8').slice(-2000)
    await stop()
    throw new Error(`${peer.title} did not start: ${fault}\n${output}`)
  }
  // taskset replaces itself with the program, so the child's pid is the peer's own.
  return { peer, port, firstAnswerMs, tree: () => readTree(child.pid ?? 0), stop }
}

/** Asks until the right answer comes; the last fault when it never does. */
async function knock(
  child: ChildProcess,
  port: number,
  untilMs: number,
): Promise<string | undefined> {
  let fault = 'it never listened'
  while (performance.now() < untilMs) {
    if (child.exitCode !== null) return `it ended with exit code ${child.exitCode}`
    try {
      const wrong = faultOf(await ask(port))
      if (wrong === undefined) return undefined
      fault = wrong
    } catch {
      // Nobody listens yet.
    }
    await new Promise((resolve) => setTimeout(resolve, KNOCK_MS))
  }
  return fault
}

/** Ends a peer and whatever it has started: asked first, then killed. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS)
    await exited
    clearTimeout(timer)
  }
  killGroup(child)
  running.delete(child)
}

/** What a peer has started is in its process group, unless it takes care of that itself. */
function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // Nobody of the group is left, as it should be.
  }
}

// A group of its own does not hear the terminal's Ctrl-C.
process.on('exit', () => running.forEach(killGroup))
process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(143))
