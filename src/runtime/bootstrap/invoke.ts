import { toEvent, type RouteContext } from '../../events/index.ts'
import process from 'node:process'
import { armed, failAt } from '../failpoints.ts'
import { answer, refuse, reject } from './answer.ts'
import { toRunning, type Asked } from './asked.ts'
import type { Streaming } from '../../lib/awslambda.ts'
import { callStreaming } from './call-streaming.ts'
import { flush, markStarted } from './channel.ts'
import { createContext } from './context.ts'
import { namedError } from '../../lib/named-error.ts'
import type { Handler } from './load.ts'
import { exitNow, parseJson } from './own.ts'
import { allRunning, enter, owner, runsSeveral, type Running } from './running.ts'
import type { Settings } from './settings.ts'

/** The function, loaded. */
export interface Loaded {
  readonly settings: Settings
  readonly handler: Handler
  /** Undefined where the handler returns its response. */
  readonly streaming: Streaming | undefined
}

/** Marks the start, then calls the handler: in this order, whatever happens after. */
export function invoke(loaded: Loaded, asked: Asked, route: RouteContext | undefined): void {
  const running = toRunning(asked, route)
  enter(running)
  try {
    running.context = createContext(running, loaded.settings, asked)
    const { http } = running
    const event: unknown =
      http === undefined ? parseJson(asked.body.toString()) : toEvent(http.request, http.route)
    // Whoever was answered is not to wait for this handler.
    flush()
    if (armed) failAt('decoded', process.pid)
    if (!mark(running.seq)) return refuse(running)
    if (armed) failAt('after_mark', process.pid)
    owner.run(running, call, loaded, running, event)
  } catch (error) {
    reject(running, error)
  }
}

/** Without a mark the handler must not be called; and without one it can run elsewhere. */
function mark(seq: number): boolean {
  try {
    return markStarted(seq)
  } catch {
    return exitNow(70)
  }
}

function call(loaded: Loaded, running: Running, event: unknown): void {
  const { handler, streaming, settings } = loaded
  if (streaming !== undefined) return callStreaming(running, handler, event, streaming)
  const { takesCallbacks } = settings
  const returned = takesCallbacks
    ? handler(event, running.context, (error, result) => onCallback(running, error, result))
    : handler(event, running.context)
  if (armed) failAt('running', process.pid)
  if (isPromise(returned)) {
    running.isAsync = true
    returned.then(
      (result) => answer(running, result ?? running.called?.result),
      (error) => reject(running, error),
    )
  } else if (!takesCallbacks) answer(running, returned)
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

function onCallback(running: Running, error: unknown, result: unknown): void {
  if (error !== undefined && error !== null) return reject(running, error)
  running.called ??= { result }
  // Whether the loop is empty of one invocation's work cannot be known while others run.
  const atOnce = runsSeveral() || running.context['callbackWaitsForEmptyEventLoop'] === false
  if (atOnce) answer(running, result)
}

/** Answers for those that nothing can settle any more: the event loop is empty. */
export function settleAll(): void {
  for (const running of allRunning()) settle(running)
}

function settle(running: Running): void {
  const { called, isAsync, stream } = running
  // Unfinished, it runs into its timeout.
  if (stream !== undefined) return
  if (called !== undefined || !isAsync) return answer(running, called?.result)
  const why = 'The function returned a promise that never settled'
  reject(running, namedError('Runtime.NodeJsExit', why))
}
