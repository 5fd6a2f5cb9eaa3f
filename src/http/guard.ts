import type { CallerFacts, HttpResponse } from '../events/http.ts'
import type { RouteTarget } from './router.ts'

/** A request that has a route, before its body is read. */
export interface Arrival {
  readonly route: RouteTarget
  readonly method: string
  /** As on the wire, query included. */
  readonly target: string
  /** `[name, value, …]`, as they came. */
  readonly rawHeaders: readonly string[]
  /** The client's address; behind a trusted proxy the one that it names. */
  readonly sourceIp: string
  readonly protocol: string
  readonly port: number
  readonly timeEpochMs: number
  readonly requestId: string
  readonly traceId: string
}

/** Not to be let in, with the answer; let in as this caller; or let in (undefined). */
export type Verdict = { readonly refusal: HttpResponse } | { readonly caller: CallerFacts }

/** One check a request has to pass. It answers at once where it can: most do. */
export type Guard = (arrival: Arrival) => Verdict | undefined | Promise<Verdict | undefined>

/** Looks at the body, which only then has been read. The answer, where it is not let in. */
export type BodyGuard = (arrival: Arrival, body: Uint8Array) => HttpResponse | undefined

/** What stands between a route and its function; made once for each route. */
export interface Guards {
  /** In their order; the first that refuses has the word. */
  readonly before: readonly Guard[]
  readonly body?: BodyGuard
  /**
   * What the front end makes of every answer of this route, its own refusals included. Of one that
   * streams it gets the head, with an empty body.
   */
  readonly after?: (arrival: Arrival, response: HttpResponse) => HttpResponse
}

/** Asks one after the other. What several say of the caller is put together. */
export function askAll(
  guards: readonly Guard[],
  arrival: Arrival,
  done: (verdict: Verdict | undefined) => void,
  failed: (error: unknown) => void,
): void {
  let caller: CallerFacts | undefined
  const next = (index: number): void => {
    const guard = guards[index]
    if (guard === undefined) return done(caller && { caller })
    const verdict = guard(arrival)
    if (verdict instanceof Promise) verdict.then((late) => take(late, index)).catch(failed)
    else take(verdict, index)
  }
  const take = (verdict: Verdict | undefined, index: number): void => {
    if (verdict !== undefined && 'refusal' in verdict) return done(verdict)
    if (verdict !== undefined) caller = together(caller, verdict.caller)
    next(index + 1)
  }
  next(0)
}

function together(one: CallerFacts | undefined, other: CallerFacts): CallerFacts {
  if (one === undefined) return other
  return {
    ...one,
    ...other,
    ...(one.identity === undefined && other.identity === undefined
      ? {}
      : { identity: { ...one.identity, ...other.identity } }),
  }
}
