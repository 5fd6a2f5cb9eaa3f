import type { RouteContext } from '../events/http.ts'
import { encodeFrame, FRAME, ProtocolError } from './frames.ts'
import type { Measured, Result, Work, WorkEnd } from './work.ts'

/** An invocation as the frame that hands it over. `routeNumber` is what the environment knows a route by. */
export function encodeWork(
  work: Work,
  seq: number,
  timeoutMs: number,
  routeNumber: (route: RouteContext) => number,
): Buffer {
  const { id, traceId, invokedArn, payload } = work
  const common = `${id}\n${timeoutMs}\n${traceId}\n${invokedArn}`
  if (payload.kind === 'json') {
    const clientContext = Buffer.from(work.clientContext ?? '').toString('base64')
    return encodeFrame(FRAME.json, seq, `${common}\n${clientContext}`, payload.json)
  }
  const { request, route } = payload
  const head = [
    common,
    routeNumber(route),
    request.method,
    request.target,
    request.sourceIp,
    request.protocol,
    request.timeEpochMs,
    request.requestId,
    request.port,
    ...request.rawHeaders,
  ].join('\n')
  return encodeFrame(FRAME.http, seq, head, request.body)
}

/** Duration and peak memory, the first two fields of what an environment reports. */
export function decodeMeasured(fields: readonly string[]): Measured {
  return {
    durationMs: Number(fields[0]),
    maxMemoryUsedMb: Math.round(Number(fields[1]) / 1024),
  }
}

/**
 * How an invocation ended, from the frame that says so.
 * @throws {ProtocolError} for a frame that is none of them.
 */
export function decodeEnd(type: number, head: string, body: Buffer): WorkEnd & Measured {
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
      return { kind: 'result', result: { kind: 'json', json: body }, ...measured }
    case FRAME.response:
      return { kind: 'result', result: responseOf(fields, body), ...measured }
    default:
      throw new ProtocolError(`unknown frame type ${type}`)
  }
}

function responseOf(fields: readonly string[], body: Buffer): Result {
  const status = Number(fields[2])
  return { kind: 'http', response: { status, rawHeaders: fields.slice(3), body } }
}
