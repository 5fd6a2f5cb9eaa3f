import { fromResult } from '../../events/index.ts'
import { FRAME, type FrameType } from '../frames.ts'
import { send, sendLog, sendSoon } from './channel.ts'
import { errorLine } from './console.ts'
import { toErrorJson } from './errors.ts'
import { measured } from './measure.ts'
import { exitNow, parseJson, stringifyJson, UNABLE_TO_ANSWER } from './own.ts'
import { leave, runsSeveral, type Running } from './running.ts'

/** Lambda's limit for a buffered response: 6 MiB and 100 bytes. */
const RESPONSE_BYTES_MAX = 6_291_556

let afterwards: () => void = nothing

function nothing(): void {}

/** Sets what is done after each answer. */
export function onAnswered(callback: () => void): void {
  afterwards = callback
}

/** The first completion of an invocation wins; later ones do nothing. */
export function answer(running: Running, result: unknown): void {
  if (running.over) return
  try {
    if (running.http === undefined) answerJson(running, result)
    else answerHttp(running, running.http, result)
  } catch (error) {
    reject(running, error)
  }
}

function answerJson(running: Running, result: unknown): void {
  const json = stringify(result)
  if (Buffer.byteLength(json) > RESPONSE_BYTES_MAX) return refuseSize(running)
  finish(running, FRAME.result, '', json)
}

function answerHttp(
  running: Running,
  { request, route }: NonNullable<Running['http']>,
  result: unknown,
): void {
  const value = isPlain(result, 3) ? result : parseJson(stringify(result))
  const translated = fromResult(value, request, route)
  if (!translated.ok) return finish(running, FRAME.malformed, '', translated.reason)
  const { status, rawHeaders, body } = translated.response
  if (body.length > RESPONSE_BYTES_MAX) return refuseSize(running)
  finish(running, FRAME.response, ['', status, ...rawHeaders].join('\n'), body)
}

function refuseSize(running: Running): void {
  finish(running, FRAME.error, '', tooLarge(RESPONSE_BYTES_MAX))
}

/** As the platform words it; the runtime is not to blame, so it has no trace. */
export function tooLarge(bytesMax: number): string {
  const errorMessage = `Response payload size exceeded maximum allowed payload size (${bytesMax} bytes).`
  const errorType = 'Function.ResponseSizeTooLarge'
  return JSON.stringify({ errorMessage, errorType })
}

function stringify(result: unknown): string {
  try {
    return stringifyJson(result === undefined ? null : result) ?? 'null'
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

export function reject(running: Running, error: unknown): void {
  if (running.over) return
  sendLog(running.seq, errorLine('Invoke Error', running.id, error))
  finishWithError(running, error)
}

/** The error alone, where the log has it already. What has begun to stream ends with it. */
export function finishWithError(running: Running, error: unknown): void {
  const { stream } = running
  const type = stream?.begun === true ? FRAME.streamEnd : FRAME.error
  finish(running, type, '', stringifyJson(toErrorJson(error)) ?? '')
  stream?.destroy()
}

/** It was taken back before its handler was called. */
export function refuse(running: Running): void {
  leave(running)
  send(FRAME.refused, running.seq, '', '')
  afterwards()
}

export function finish(
  running: Running,
  type: FrameType,
  head: string,
  body: Uint8Array | string,
): void {
  try {
    leave(running)
    const sendIt = runsSeveral() ? sendSoon : send
    sendIt(type, running.seq, measured(running.startMs) + head, body)
  } catch {
    // What cannot be said would be waited for until the timeout.
    exitNow(UNABLE_TO_ANSWER)
  }
  afterwards()
}
