/** A call of the Runtime API, by what it asks for. */
export type Call =
  | { readonly kind: 'next' | 'initError' }
  | { readonly kind: 'response' | 'error'; readonly id: string }
  /** One that Spillway does not answer, with the reason. */
  | { readonly kind: 'refused'; readonly status: 403 | 404; readonly why: string }

const BASE = '/2018-06-01/runtime'
const ANSWER = /^\/invocation\/([^/]+)\/(response|error)$/
/** Extensions register there, and subscribe to logs and telemetry. */
const EXTENSIONS = /^\/(?:2020-01-01\/extension|2020-08-15\/logs|2022-07-01\/telemetry)(?:\/|$)/

/** What is called; a query has no meaning here. */
export function callOf(method: string, target: string): Call {
  const [path = ''] = target.split('?', 1)
  if (EXTENSIONS.test(path)) return refused(404, 'Lambda extensions are not served')
  const rest = path.startsWith(BASE) ? path.slice(BASE.length) : ''
  if (method === 'GET' && rest === '/invocation/next') return { kind: 'next' }
  if (rest === '/restore/next' || rest === '/restore/error') {
    return refused(403, 'SnapStart is not served: there is nothing to restore')
  }
  if (method === 'POST' && rest === '/init/error') return { kind: 'initError' }
  const [, id, verb] = (method === 'POST' && ANSWER.exec(rest)) || []
  if (id !== undefined) return { kind: verb === 'error' ? 'error' : 'response', id }
  return refused(404, `the Runtime API has no ${method} ${path}`)
}

function refused(status: 403 | 404, why: string): Call {
  return { kind: 'refused', status, why }
}
