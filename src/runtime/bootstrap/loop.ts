import type { RouteContext } from '../../events/index.ts'
import { FRAME } from '../frames.ts'
import { onAnswered } from './answer.ts'
import { toAsked, type Asked } from './asked.ts'
import { flush, send } from './channel.ts'
import { exitIfLeft, fail, isLeaving } from './failures.ts'
import type { Input } from './input.ts'
import { invoke, settleAll, type Loaded } from './invoke.ts'
import { findRunning, runningCount, runsSeveral } from './running.ts'

/** So many of those that lie ahead run in one turn of the loop, which costs as much as each. */
const TURN_AFTER = 4

const ROUTE_FIELD = 4

/**
 * Runs what the server hands over: where several run at once each as it is read, else one after the
 * other.
 */
export function openLoop(input: Input, loaded: Loaded): void {
  const routes: RouteContext[] = []
  /** Handed over while another one runs. */
  const ahead: Asked[] = []
  let sinceTurn = 0

  const onFrame = (type: number, seq: number, head: string, body: Buffer): void => {
    switch (type) {
      case FRAME.route:
        routes[seq] = JSON.parse(body.toString()) as RouteContext
        return
      case FRAME.hold:
        return findRunning(seq)?.stream?.hold()
      case FRAME.go:
        return findRunning(seq)?.stream?.go()
      case FRAME.json:
      case FRAME.http:
        return onAsked(toAsked(type, seq, head, body))
    }
  }

  const onAsked = (asked: Asked): void => {
    if (runsSeveral() || (runningCount() === 0 && ahead.length === 0)) return run(asked)
    // The body lies in a buffer that the next read overwrites.
    ahead.push({ ...asked, body: Buffer.from(asked.body) })
  }

  const run = (asked: Asked): void => {
    // Its handler is not called, so it can run elsewhere.
    if (isLeaving()) return send(FRAME.refused, asked.seq, '', '')
    // While one runs, an empty loop means that nothing can settle it.
    if (runningCount() === 0) input.unref()
    const route = asked.isHttp ? routes[Number(asked.fields[ROUTE_FIELD])] : undefined
    if (asked.isHttp && route === undefined) return fail('Protocol', new Error('no route'), 70)
    invoke(loaded, asked, route)
  }

  const runNext = (): void => {
    const next = ahead.shift()
    if (next !== undefined) run(next)
  }

  /** Waits for what comes next. Every few of those that lie ahead, the loop has a turn for I/O. */
  function rest(): void {
    if (isLeaving()) {
      for (const { seq } of ahead.splice(0)) send(FRAME.refused, seq, '', '')
      return exitIfLeft()
    }
    if (runningCount() === 0) input.ref()
    if (ahead.length === 0) return
    if (++sinceTurn % TURN_AFTER === 0) setImmediate(runNext)
    else queueMicrotask(runNext)
  }

  process.on('beforeExit', () => {
    // Whoever still runs after it waits for its timeout, or for the client of its stream.
    input.ref()
    settleAll()
  })
  process.on('exit', flush)
  onAnswered(rest)
  input.listen(onFrame)
}
