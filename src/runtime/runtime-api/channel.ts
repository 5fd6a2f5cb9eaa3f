import type { Clock } from '../../lib/clock.ts'
import type { Channel, ChannelEvents, ChannelExit } from '../channel.ts'
import type { EnvironmentCommand } from '../command.ts'
import { startProcess, type EnvironmentProcess, type Exit } from '../process.ts'
import type { Work } from '../work.ts'
import type { Connection } from './connection.ts'
import { isEnding, peakMemoryMbOf } from './ending.ts'
import { entrypointProblem } from './entrypoint.ts'
import { Exchange } from './exchange.ts'
import { openListener, type Listener } from './listener.ts'
import { isOwnPeer } from './owner.ts'

export interface RuntimeApiOptions {
  readonly command: EnvironmentCommand
  readonly timeoutMs: number
  /** How many invocations the runtime may have at the same time. */
  readonly concurrency: number
  readonly clock: Clock
}

/**
 * Starts a process that calls Lambda's Runtime API, and answers it: one listener for each
 * environment, and for nobody else.
 */
export function openRuntimeApiChannel(options: RuntimeApiOptions, events: ChannelEvents): Channel {
  return new RuntimeApiChannel(options, events)
}

/** More connections than any client of the Runtime API has; beside them, as many as invocations. */
const CONNECTIONS_MAX = 64
/** What a runtime that has said why it cannot start has left to end by itself. */
const LEAVE_MS = 500
/** What is open this long after the process ended is held by one that has left its session. */
const DRAIN_MS = 1000
const NOBODY: Exit = { code: null, signal: null, outOfMemory: false }

class RuntimeApiChannel implements Channel {
  readonly #options: RuntimeApiOptions
  readonly #events: ChannelEvents
  #exchange: Exchange | undefined
  #listener: Listener | undefined
  #process: EnvironmentProcess | undefined
  #killed = false
  #exit: Exit | undefined
  #isGone = false
  #openOutputs = 0
  #refused = 0

  constructor(options: RuntimeApiOptions, events: ChannelEvents) {
    this.#options = options
    this.#events = events
    void this.#open()
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  get isBacklogged(): boolean {
    return this.#exchange?.isBacklogged ?? false
  }

  get isReceptive(): boolean {
    return this.#exchange?.isReceptive ?? false
  }

  deliver(work: Work, seq: number): void {
    this.#exchange?.deliver(work, seq)
  }

  hasBegun(seq: number): boolean {
    const outstanding = this.#exchange?.find(seq)
    if (outstanding === undefined) return this.#exchange?.isQueued(seq) === false
    outstanding.look(this.#options.clock.nowMs())
    return outstanding.isBegun
  }

  mayTakeBack(seq: number): boolean {
    return this.#exchange?.find(seq) === undefined
  }

  revokeThrough(seq: number): void {
    const revoked = this.#exchange?.revokeThrough(seq) ?? []
    // Later: the environment is about to see for itself which have not begun.
    queueMicrotask(() => revoked.forEach((each) => this.#events.onRefused(each)))
  }

  pause(seq: number): void {
    this.#exchange?.find(seq)?.answer?.pause()
  }

  resume(seq: number): void {
    this.#exchange?.find(seq)?.answer?.resume()
  }

  kill(): void {
    this.#killed = true
    this.#process?.kill()
  }

  async #open(): Promise<void> {
    const { command, concurrency } = this.#options
    // Whoever opens it must have it before anything is told.
    await Promise.resolve()
    const problem = entrypointProblem(command.command)
    if (problem !== undefined) return this.#fail({ invalidEntrypoint: problem })
    try {
      const listener = await openListener({
        connectionsMax: CONNECTIONS_MAX + concurrency,
        isOwn: async (port, ownPort) => await isOwnPeer(port, ownPort, this.pid ?? 0),
        isPeerDying: () => this.#isEnding(),
        onRequest: (connection, request, response) =>
          this.#exchange?.onRequest(connection, request, response),
        onClosed: (connection) => this.#onClosed(connection),
        onRefused: (why) => this.#onRefused(why),
      })
      this.#listener = listener
      if (this.#killed) return this.#fail({ signal: 'SIGKILL' })
      this.#exchange = this.#createExchange(listener.port)
      this.#start(listener.port)
    } catch (error) {
      this.#fail({ spawnError: (error as Error).message })
    }
  }

  #createExchange(ownPort: number): Exchange {
    const { clock, timeoutMs, concurrency } = this.#options
    const onInitError = (error: Uint8Array): void => {
      this.#events.onInitError(error)
      clock.after(LEAVE_MS, () => this.kill())
    }
    return new Exchange({
      clock,
      timeoutMs,
      concurrency,
      ownPort,
      peakMemoryMb: () => peakMemoryMbOf(this.pid ?? 0),
      isEnding: () => this.#isEnding(),
      events: { ...this.#events, onInitError },
      onBroken: () => this.kill(),
    })
  }

  #start(port: number): void {
    const { command, concurrency } = this.#options
    const env = {
      ...command.env,
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`,
      // As Lambda's Managed Instances have it, so that their runtimes take as many.
      ...(concurrency === 1
        ? {}
        : {
            AWS_LAMBDA_MAX_CONCURRENCY: String(concurrency),
            AWS_LAMBDA_INITIALIZATION_TYPE: 'lambda-managed-instances',
          }),
    }
    this.#process = startProcess({ ...command, env }, (exit) => this.#onExit(exit))
    for (const output of [this.#process.stdout, this.#process.stderr]) {
      this.#openOutputs++
      output.setEncoding('utf8')
      output.on('data', (text: string) => this.#events.onLog(undefined, text))
      output.once('close', () => {
        this.#openOutputs--
        this.#settle()
      })
    }
  }

  #isEnding(): boolean {
    return this.#exit !== undefined || (this.pid !== undefined && isEnding(this.pid))
  }

  #onExit(exit: Exit): void {
    this.#exit = exit
    this.#listener?.close()
    // Whoever paused one: what it holds is the last word.
    for (const { socket } of this.#listener?.connections ?? []) socket.resume()
    setTimeout(() => this.#letGo(), DRAIN_MS).unref()
    this.#settle()
  }

  /** Somebody may still read what went out on what is still open. */
  #letGo(): void {
    if (this.#isGone) return
    const connections = [...(this.#listener?.connections ?? [])]
    this.#exchange?.settle(connections)
    for (const { socket } of connections) socket.destroy()
    this.#process?.stdout.destroy()
    this.#process?.stderr.destroy()
  }

  #onClosed(connection: Connection): void {
    this.#exchange?.onClosed(connection)
    this.#settle()
  }

  /** It is over when the process is reaped, and nobody is left who could say something. */
  #settle(): void {
    if (this.#exit === undefined || this.#isGone || this.#openOutputs > 0) return
    if ((this.#listener?.connections.size ?? 0) > 0) return
    this.#isGone = true
    this.#events.onGone(exitOf(this.#exit, {}))
  }

  /** It ends before there is a process. */
  #fail(why: Partial<ChannelExit>): void {
    this.#isGone = true
    this.#listener?.close()
    this.#events.onGone(exitOf(NOBODY, why))
  }

  #onRefused(why: string): void {
    if (++this.#refused > 1) return
    const text = `spillway: the Runtime API has turned away ${why}; it says so once\n`
    this.#events.onLog(0, text)
  }
}

function exitOf(exit: Exit, more: Partial<ChannelExit>): ChannelExit {
  return { brokeProtocol: false, ...exit, ...more }
}
