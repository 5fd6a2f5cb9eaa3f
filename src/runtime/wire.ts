import type { HttpRequest, RouteContext } from '../events/http.ts'
import { encodeFrame, FRAME, ProtocolError } from './frames.ts'
import { eventJson, resultOf } from './translate.ts'
import type { Measured, Payload, Result, Work, WorkEnd } from './work.ts'

/**
 * An invocation as the frame that hands it over. `routeNumber` is what the environment knows a route
 * by; undefined where it builds no events itself (channel `json`) and gets every one as JSON.
 */
export function encodeWork(
  work: Work,
  seq: number,
  timeoutMs: number,
  routeNumber: ((route: RouteContext) => number) | undefined,
): Buffer {
  const { payload } = work
  if (payload.kind === 'json' || routeNumber === undefined) {
    const clientContext = Buffer.from(work.clientContext ?? '').toString('base64')
    const head = `${commonHead(work, timeoutMs)}\n${clientContext}`
    return encodeFrame(FRAME.json, seq, head, eventJson(payload))
  }
  const { request, route } = payload
  return encodeFrame(
    FRAME.http,
    seq,
    httpHead(work, timeoutMs, request, routeNumber(route)),
    request.body,
  )
}

/** By hand: joining an array of it took a third longer, and this is done for every request. */
function httpHead(
  work: Work,
  timeoutMs: number,
  request: HttpRequest,
  routeNumber: number,
): string {
  const { method, target, sourceIp, protocol, timeEpochMs, requestId, port, caller } = request
  const said = caller === undefined ? '' : JSON.stringify(caller)
  let head = `${commonHead(work, timeoutMs)}\n${routeNumber}\n${method}\n${target}\n${sourceIp}\n${protocol}\n${timeEpochMs}\n${requestId}\n${port}\n${said}`
  for (const field of request.rawHeaders) head += `\n${field}`
  return head
}

function commonHead({ id, traceId, invokedArn }: Work, timeoutMs: number): string {
  return `${id}\n${timeoutMs}\n${traceId}\n${invokedArn}`
}

/** Duration and peak memory, the first two fields of what an environment reports. */
export function decodeMeasured(fields: readonly string[]): Measured {
  return {
    durationMs: toFigure(fields[0]),
    maxMemoryUsedMb: Math.round(toFigure(fields[1]) / 1024),
  }
}

/** The function's code can make it say anything; a mean that is no number would stay none. */
function toFigure(field: string | undefined): number {
  const figure = Number(field)
  return figure >= 0 && figure < Infinity ? figure : 0
}

/**
 * How the invocation of a payload ended, from the frame that says so.
 * @throws {ProtocolError} for a frame that is none of them.
 */
export function decodeEnd(
  type: number,
  head: string,
  body: Buffer,
  payload: Payload,
): WorkEnd & Measured {
  const fields = head.split('\n')
  const measured = decodeMeasured(fields)
  switch (type) {
    case FRAME.malformed:
      return { kind: 'malformed', reason: body.toString(), ...measured }
    case FRAME.error:
      return { kind: 'error', error: body, ...measured }
    case FRAME.streamEnd:
      return { kind: 'streamed', ...(body.length === 0 ? {} : { error: body }), ...measured }
    case FRAME.result:
      return { ...resultOf(payload, body), ...measured }
    case FRAME.response: {
      const { durationMs, maxMemoryUsedMb } = measured
      return { kind: 'result', result: responseOf(fields, body), durationMs, maxMemoryUsedMb }
    }
    default:
      throw new ProtocolError(`unknown frame type ${type}`)
  }
}

function responseOf(fields: readonly string[], body: Buffer): Result {
  const status = Number(fields[2])
  return { kind: 'http', response: { status, rawHeaders: fields.slice(3), body } }
}
