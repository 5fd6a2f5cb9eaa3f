import { text, type Reply } from './reply.ts'
import type { Readiness } from './options.ts'

/** The process answers, and that is all it says: a dependency that is down is no reason to restart. */
export function livez(): Reply {
  return text(200, 'ok\n')
}

/** 503 tells a load balancer to send work elsewhere. `verbose` lists the checks, as Kubernetes does. */
export function readyz({ ok, checks }: Readiness, verbose: boolean): Reply {
  const verdict = ok ? 'ok' : 'not ready'
  const lines = verbose ? checks.map(toLine) : []
  return text(ok ? 200 : 503, [...lines, verdict, ''].join('\n'))
}

function toLine({ name, ok, detail }: Readiness['checks'][number]): string {
  const verdict = ok ? `[+]${name} ok` : `[-]${name} failed`
  return detail === undefined ? verdict : `${verdict}: ${detail}`
}
