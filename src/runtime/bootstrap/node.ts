/**
 * What runs inside a Node execution environment: loads the handler, then runs one invocation at a
 * time, as Lambda's Node runtime would (`docs/reference/node.md`). It works on Node 20 and later.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { Socket } from 'node:net'
import { fromResult, toEvent, type HttpRequest, type RouteContext } from '../../events/index.ts'
import { FRAME, frameReader, type FrameType } from '../frames.ts'
import { spanOf, traceOf } from '../trace.ts'
import { markStarted, send } from './channel.ts'
import { patchConsole, textLine } from './console.ts'
import { namedError, toErrorJson, toErrorLog } from './errors.ts'
import { loadHandler, LoadError, type Handler } from './load.ts'
import { endIfOrphaned } from './parent.ts'
import { provideTraceId } from './trace-id.ts'

endIfOrphaned()

/** The invocation that runs now. */
interface Running {
  readonly seq: number
  readonly id: string
  readonly startMs: number
  /** Of an HTTP request: what the result is translated with. */
  readonly http?: { readonly request: HttpRequest; readonly route: RouteContext }
  readonly context: Record<string, unknown>
  /** Set by `callback(null, x)`, which answers when the event loop is empty. */
  called?: { readonly result: unknown }
  /** A promise was returned; an empty event loop then means that it never settles. */
  isAsync: boolean
}

/** Lambda's limit for a buffered response: 6 MiB and 100 bytes. */
const RESPONSE_BYTES_MAX = 6_291_556

/** Longer log text goes out in pieces: a frame has its limit. */
const LOG_CHARS_MAX = 256 * 1024

/** How old the figure of the peak memory may be: asking for it takes as long as a brief handler. */
const MEMORY_MS = 50
let peakMemoryKib = 0
let memoryAtMs = -Infinity

const env = process.env
const setTraceId = provideTraceId()
const taskRoot = env['LAMBDA_TASK_ROOT'] ?? process.cwd()
const handlerName = env['_HANDLER'] ?? ''
const nodeMajor = Number(/nodejs(\d+)/.exec(env['AWS_EXECUTION_ENV'] ?? '')?.[1] ?? 22)
/** Node 24's runtime passes no callback, and takes what a plain function returns. */
const takesCallbacks = nodeMajor < 24

const routes = new Map<number, RouteContext>()
/** Handed over while another one runs. */
const ahead: { type: number; seq: number; head: string; body: Buffer }[] = []
/** Whose code it is that runs, throws or logs: the invocation's that began it, over or not. */
const owner = new AsyncLocalStorage<Running>()
let handler: Handler | undefined
let running: Running | undefined
/** Set when something of an invocation that is over has thrown: the process ends after what runs. */
let exitAfter: number | undefined
/** So many of those that lie ahead run in one turn of the loop, which costs as much as each. */
const TURN_AFTER = 4
let sinceTurn = 0

const input = new Socket({
  fd: 3,
  readable: true,
  writable: false,
  onread: {
    buffer: Buffer.allocUnsafe(64 * 1024),
    callback: (bytes, buffer) => {
      read((buffer as Buffer).subarray(0, bytes))
      return true
    },
  },
})
const read = frameReader(onFrame)
// The server is gone, or wants no more of this environment.
input.on('close', () => process.exit(0))
input.on('error', () => process.exit(0))

patchConsole(
  (text) => sendLog(text),
  () => running?.id,
)
process.on('uncaughtException', (error) => fail('Uncaught Exception', error, 129))
process.on('unhandledRejection', (reason) => {
  const rejection = namedError('Runtime.UnhandledPromiseRejection', String(reason))
  fail('Unhandled Promise Rejection', rejection, 128)
})
process.on('beforeExit', onEmptyLoop)
await start()

function sendLog(text: string): void {
  for (let at = 0; at < text.length; at += LOG_CHARS_MAX) {
    send(FRAME.log, running?.seq ?? 0, '', text.slice(at, at + LOG_CHARS_MAX))
  }
}

async function start(): Promise<void> {
  const sinceMs = performance.now()
  try {
    const loaded = await loadHandler(taskRoot, handlerName)
    refuseCallbackHandler(loaded)
    handler = loaded
    send(FRAME.ready, 0, measured(sinceMs), '')
    input.resume()
  } catch (error) {
    fail('Uncaught Exception', error, 1)
  }
}

function refuseCallbackHandler(loaded: Handler): void {
  if (takesCallbacks || loaded.length < 3) return
  throw new LoadError(
    'Runtime.CallbackHandlerDeprecated',
    `ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js ${nodeMajor} or later. For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.`,
  )
}

/** Ends the process: what is wrong is beyond the invocation, whose caller is told. */
function fail(title: string, error: unknown, exitCode: number): void {
  const culprit = owner.getStore() ?? running
  const line = `${title} \t${toErrorLog(error)}`
  sendLog(textLine('ERROR', culprit?.id, line))
  if (running !== undefined && culprit !== running) {
    // On Lambda this would cost the invocation that runs now, whose fault it is not.
    exitAfter = exitCode
    return
  }
  if (running !== undefined) finish(FRAME.error, '', JSON.stringify(toErrorJson(error)))
  else if (handler === undefined) {
    send(FRAME.initError, 0, '', JSON.stringify(toErrorJson(error)))
  }
  process.exit(exitCode)
}

function onFrame(type: number, seq: number, head: string, body: Buffer): void {
  if (type === FRAME.route) {
    routes.set(seq, JSON.parse(body.toString()) as RouteContext)
    return
  }
  // The body lies in a buffer that the next read overwrites.
  if (running !== undefined || ahead.length > 0)
    ahead.push({ type, seq, head, body: Buffer.from(body) })
  else run(type, seq, head, body)
}

function runNext(): void {
  const next = ahead.shift()
  if (next !== undefined) run(next.type, next.seq, next.head, next.body)
}

function run(type: number, seq: number, head: string, body: Buffer): void {
  const fields = head.split('\n')
  const [id = '', timeoutMs = '', traceId = '', arn = '', extra = ''] = fields
  setTraceId(traceOf(traceId, spanOf(id)))
  const context = createContext(id, Number(timeoutMs), arn, type === FRAME.json ? extra : '')
  const startMs = performance.now()
  if (type === FRAME.json) {
    running = { seq, id, startMs, context, isAsync: false }
    call(() => JSON.parse(body.toString()) as unknown)
    return
  }
  const route = routes.get(Number(extra))
  if (route === undefined) return fail('Protocol', new Error(`no route ${extra}`), 70)
  const request = toRequest(fields, body, traceId)
  running = { seq, id, startMs, context, isAsync: false, http: { request, route } }
  call(() => toEvent(request, route))
}

function toRequest(fields: string[], body: Buffer, traceId: string): HttpRequest {
  return {
    method: fields[5] ?? '',
    target: fields[6] ?? '',
    sourceIp: fields[7] ?? '',
    protocol: fields[8] ?? '',
    timeEpochMs: Number(fields[9]),
    requestId: fields[10] ?? '',
    port: Number(fields[11]),
    rawHeaders: fields.slice(12),
    body,
    traceId,
  }
}

/** The context object; the callbacks exist only up to Node 22 (RIC 3.3 and 4.0). */
function createContext(
  id: string,
  timeoutMs: number,
  arn: string,
  clientContext: string,
): Record<string, unknown> {
  const deadlineMs = Date.now() + timeoutMs
  const context: Record<string, unknown> = {
    clientContext: clientContext === '' ? undefined : JSON.parse(unescapeLines(clientContext)),
    identity: undefined,
    invokedFunctionArn: arn,
    awsRequestId: id,
    tenantId: undefined,
    getRemainingTimeInMillis: () => deadlineMs - Date.now(),
    functionName: env['AWS_LAMBDA_FUNCTION_NAME'],
    functionVersion: env['AWS_LAMBDA_FUNCTION_VERSION'],
    memoryLimitInMB: env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE'],
    logGroupName: env['AWS_LAMBDA_LOG_GROUP_NAME'],
    logStreamName: env['AWS_LAMBDA_LOG_STREAM_NAME'],
  }
  if (!takesCallbacks) return context
  return Object.assign(context, {
    callbackWaitsForEmptyEventLoop: true,
    succeed: (result?: unknown) => answer(id, result),
    fail: (error?: unknown) => reject(id, error ?? 'handled'),
    done: (error?: unknown, result?: unknown) =>
      error === undefined || error === null ? answer(id, result) : reject(id, error),
  })
}

/** Heads are latin1: other characters travel escaped. */
function unescapeLines(text: string): string {
  return Buffer.from(text, 'base64').toString()
}

/** Marks the start, then calls the handler: in this order, whatever happens after. */
function call(makeEvent: () => unknown): void {
  const current = running as Running
  const loaded = handler as Handler
  input.unref()
  try {
    const event = makeEvent()
    if (!mark(current.seq)) return refuse(current)
    const returned = owner.run(current, () =>
      takesCallbacks
        ? loaded(event, current.context, (error, result) => onCallback(current, error, result))
        : loaded(event, current.context),
    )
    if (isPromise(returned)) {
      current.isAsync = true
      returned.then(
        (result) => answer(current.id, result ?? current.called?.result),
        (error) => reject(current.id, error),
      )
    } else if (!takesCallbacks) answer(current.id, returned)
  } catch (error) {
    reject(current.id, error)
  }
}

/** Without a mark the handler must not be called; and without one it can run elsewhere. */
function mark(seq: number): boolean {
  try {
    return markStarted(seq)
  } catch {
    return process.exit(70)
  }
}

function refuse({ seq }: Running): void {
  running = undefined
  send(FRAME.refused, seq, '', '')
  rest()
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

function onCallback(current: Running, error: unknown, result: unknown): void {
  if (error !== undefined && error !== null) return reject(current.id, error)
  current.called ??= { result }
  if (current.context['callbackWaitsForEmptyEventLoop'] === false) answer(current.id, result)
}

function onEmptyLoop(): void {
  if (running === undefined) return
  const { id, called, isAsync } = running
  if (called !== undefined || !isAsync) return answer(id, called?.result)
  reject(id, namedError('Runtime.NodeJsExit', 'The function returned a promise that never settled'))
}

/** The first completion of an invocation wins; later ones, of this or an earlier one, do nothing. */
function answer(id: string, result: unknown): void {
  if (running?.id !== id) return
  try {
    if (running.http === undefined) answerJson(result)
    else answerHttp(running.http, result)
  } catch (error) {
    reject(id, error)
  }
}

function answerJson(result: unknown): void {
  const json = stringify(result)
  const bytes = Buffer.byteLength(json)
  if (bytes > RESPONSE_BYTES_MAX) return refuseSize()
  finish(FRAME.result, '', json)
}

function answerHttp(http: NonNullable<Running['http']>, result: unknown): void {
  const value = isPlain(result, 3) ? result : (JSON.parse(stringify(result)) as unknown)
  const translated = fromResult(value, http.request, http.route)
  if (!translated.ok) return finish(FRAME.malformed, '', translated.reason)
  const { status, rawHeaders, body } = translated.response
  if (body.length > RESPONSE_BYTES_MAX) return refuseSize()
  finish(FRAME.response, ['', status, ...rawHeaders].join('\n'), body)
}

/** As the platform words it; the runtime is not to blame, so it has no trace. */
function refuseSize(): void {
  const errorMessage = `Response payload size exceeded maximum allowed payload size (${RESPONSE_BYTES_MAX} bytes).`
  const errorType = 'Function.ResponseSizeTooLarge'
  finish(FRAME.error, '', JSON.stringify({ errorMessage, errorType }))
}

function stringify(result: unknown): string {
  try {
    return JSON.stringify(result === undefined ? null : result) ?? 'null'
  } catch {
    throw new Error('Unable to stringify response body')
  }
}

/** Whether JSON would carry the value as it is: then the round trip can be spared. */
function isPlain(value: unknown, depth: number): boolean {
  if (value === null) return true
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object') return typeof value === 'string' || typeof value === 'boolean'
  const plain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype
  if (!plain || depth === 0 || 'toJSON' in value) return false
  return Object.values(value).every((each) => isPlain(each, depth - 1))
}

function reject(id: string, error: unknown): void {
  if (running?.id !== id) return
  sendLog(textLine('ERROR', id, `Invoke Error \t${toErrorLog(error)}`))
  finish(FRAME.error, '', JSON.stringify(toErrorJson(error)))
}

function finish(type: FrameType, head: string, body: Uint8Array | string): void {
  const { seq, startMs } = running as Running
  running = undefined
  send(type, seq, measured(startMs) + head, body)
  rest()
}

/** Waits for what comes next. Every few of those that lie ahead, the loop has a turn for I/O. */
function rest(): void {
  if (exitAfter !== undefined) process.exit(exitAfter)
  input.ref()
  if (ahead.length === 0) return
  if (++sinceTurn % TURN_AFTER === 0) setImmediate(runNext)
  else queueMicrotask(runNext)
}

/** Duration in milliseconds and peak memory in KiB. */
function measured(sinceMs: number): string {
  const nowMs = performance.now()
  if (nowMs - memoryAtMs > MEMORY_MS) {
    peakMemoryKib = process.resourceUsage().maxRSS
    memoryAtMs = nowMs
  }
  return `${(nowMs - sinceMs).toFixed(3)}\n${peakMemoryKib}`
}
