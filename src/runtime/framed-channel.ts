import type { RouteContext } from '../events/http.ts'
import type { Channel, ChannelEvents } from './channel.ts'
import type { EnvironmentCommand } from './command.ts'
import { armed, failAt } from './failpoints.ts'
import { encodeFrame, FRAME, frameReader, ProtocolError } from './frames.ts'
import { startProcess, type EnvironmentProcess, type Exit } from './process.ts'
import type { Spare } from './spares.ts'
import { decodeEnd, decodeMeasured, encodeWork } from './wire.ts'
import type { Payload, Work } from './work.ts'

const NOTHING: Payload = { kind: 'json', json: new Uint8Array() }

/** V8 says this before it aborts. */
const OUT_OF_MEMORY = 'heap out of memory'

export interface FramedOptions {
  readonly command: EnvironmentCommand
  readonly timeoutMs: number
  /** A process that was started ahead and becomes this one. */
  readonly spare?: Spare | undefined
}

/** Starts a process, or takes a spare one, that speaks the frames of `frames.ts` and has the start mark. */
export function openFramedChannel(options: FramedOptions, events: ChannelEvents): Channel {
  return new FramedChannel(options, events)
}

class FramedChannel implements Channel {
  readonly #events: ChannelEvents
  readonly #timeoutMs: number
  readonly #process: EnvironmentProcess
  readonly #routes = new Map<RouteContext, number>()
  /** Undefined where the environment builds no events. */
  readonly #routeNumber: ((route: RouteContext) => number) | undefined
  readonly #outgoing: Buffer[] = []
  #outOfMemory = false
  #brokeProtocol = false

  constructor({ command, timeoutMs, spare }: FramedOptions, events: ChannelEvents) {
    this.#events = events
    this.#timeoutMs = timeoutMs
    const isLean = command.channel === 'lean'
    this.#routeNumber = isLean ? (route) => this.#numberOf(route) : undefined
    const onGone = (exit: Exit): void => this.#onGone(exit)
    if (armed) failAt('spawn', undefined)
    this.#process = spare?.process ?? startProcess(command, onGone)
    if (spare !== undefined) {
      spare.adopt(onGone)
      const { cwd } = command
      const env = { ...this.#process.given, ...command.env }
      this.#write(encodeFrame(FRAME.adopt, 0, '', JSON.stringify({ env, cwd })))
    }
    if (armed) failAt('init', this.pid)
    const read = frameReader((type, seq, head, body) => this.#onFrame(type, seq, head, body))
    this.#process.output.on('data', (chunk: Buffer) => this.#guard(() => read(chunk)))
    const { stdout, stderr } = this.#process
    stdout.setEncoding('utf8').on('data', (text: string) => events.onLog(undefined, text))
    stderr.setEncoding('utf8').on('data', (text: string) => this.#onStderr(text))
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  get isBacklogged(): boolean {
    return this.#process.input.writableLength > 0
  }

  /** The pipe takes what is handed over ahead. */
  get isReceptive(): boolean {
    return true
  }

  deliver(work: Work, seq: number): void {
    this.#write(encodeWork(work, seq, this.#timeoutMs, this.#routeNumber))
  }

  hasBegun(seq: number): boolean {
    return this.#process.startMark.read() >= seq
  }

  revokeThrough(seq: number): void {
    this.#process.startMark.revokeThrough(seq)
  }

  mayTakeBack(): boolean {
    return true
  }

  pause(seq: number): void {
    this.#write(encodeFrame(FRAME.hold, seq, '', ''))
  }

  resume(seq: number): void {
    this.#write(encodeFrame(FRAME.go, seq, '', ''))
  }

  kill(signal?: NodeJS.Signals): void {
    this.#process.kill(signal)
  }

  /**
   * What is handed over in one turn of the loop goes out in one write. (`process.nextTick` would come
   * after each request that was read, and not after all of them.)
   */
  #write(frame: Buffer): void {
    if (this.#outgoing.push(frame) > 1) return
    setImmediate(() => {
      const frames = this.#outgoing.splice(0)
      this.#process.input.write(frames.length === 1 ? frame : Buffer.concat(frames))
      if (armed) failAt('frame_written', this.pid)
    })
  }

  /** A route's description is sent once; after that its number stands for it. */
  #numberOf(route: RouteContext): number {
    const known = this.#routes.get(route)
    if (known !== undefined) return known
    const number = this.#routes.size + 1
    this.#routes.set(route, number)
    this.#write(encodeFrame(FRAME.route, number, '', JSON.stringify(route)))
    return number
  }

  #guard(read: () => void): void {
    // What follows would be read out of step.
    if (this.#brokeProtocol) return
    try {
      read()
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#brokeProtocol = true
      this.#events.onLog(undefined, `spillway: environment ended, ${error.message}\n`)
      this.kill()
    }
  }

  #onFrame(type: number, seq: number, head: string, body: Buffer): void {
    const events = this.#events
    switch (type) {
      case FRAME.log:
        return events.onLog(seq, body.toString())
      case FRAME.stream:
        return events.onStream(seq, head)
      case FRAME.chunk:
        return events.onChunk(seq, body)
      case FRAME.ready:
        return events.onReady(decodeMeasured(head.split('\n')).maxMemoryUsedMb)
      case FRAME.initError:
        return events.onInitError(Uint8Array.from(body))
      case FRAME.refused:
        return events.onRefused(seq)
      case FRAME.leaving:
        return events.onLeaving()
      default:
        return this.#onLast(type, seq, head, body)
    }
  }

  #onLast(type: number, seq: number, head: string, body: Buffer): void {
    // What nobody waits for is read like what somebody does: it may be late, or a lie.
    const payload = this.#events.workOf(seq)?.payload ?? NOTHING
    this.#events.onEnd(seq, decodeEnd(type, head, body, payload))
  }

  #onGone(exit: Exit): void {
    const outOfMemory = exit.outOfMemory || this.#outOfMemory
    this.#events.onGone({ ...exit, outOfMemory, brokeProtocol: this.#brokeProtocol })
  }

  #onStderr(text: string): void {
    if (text.includes(OUT_OF_MEMORY)) this.#outOfMemory = true
    this.#events.onLog(undefined, text)
  }
}
