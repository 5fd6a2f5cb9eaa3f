import type { CallerFacts, HttpRequest, RouteContext } from '../../events/index.ts'
import { FRAME } from '../frames.ts'
import { spanOf, traceOf } from '../trace.ts'
import { nowMs } from './own.ts'
import type { Running } from './running.ts'

/** An invocation as its frame says it. */
export interface Asked {
  readonly isHttp: boolean
  readonly seq: number
  /** Id, timeout, trace and ARN; then the client context or, of HTTP, route and request. */
  readonly fields: readonly string[]
  readonly body: Buffer
}

export function toAsked(type: number, seq: number, head: string, body: Buffer): Asked {
  return { isHttp: type === FRAME.http, seq, fields: head.split('\n'), body }
}

const NONE: Record<string, unknown> = {}

export function toRunning(asked: Asked, route: RouteContext | undefined): Running {
  const [id = '', , traceId = ''] = asked.fields
  return {
    seq: asked.seq,
    id,
    traceId: traceOf(traceId, spanOf(id)),
    startMs: nowMs(),
    http: route && { request: toRequest(asked, traceId), route },
    context: NONE,
    called: undefined,
    isAsync: false,
    stream: undefined,
    over: false,
  }
}

function toRequest({ fields, body }: Asked, traceId: string): HttpRequest {
  return {
    method: fields[5] ?? '',
    target: fields[6] ?? '',
    sourceIp: fields[7] ?? '',
    protocol: fields[8] ?? '',
    timeEpochMs: Number(fields[9]),
    requestId: fields[10] ?? '',
    port: Number(fields[11]),
    rawHeaders: fields.slice(13),
    body,
    traceId,
    ...(fields[12] ? { caller: JSON.parse(fields[12]) as CallerFacts } : {}),
  }
}
