import type { IncomingMessage } from 'node:http'
import type { Refusal } from './refusal.ts'

const HEADERS_MAX = 200

/** RFC 9110 §7.2: `uri-host [ ":" port ]`, and nothing a proxy could read in another way. */
const HOST = /^(?:[\w.~!$&'()*+,;=%-]*|\[[\dA-Fa-f:.]+\])(?::\d*)?$/
const ABSOLUTE = /^https?:\/\/([^/?#]*)(.*)$/i

/**
 * What Node's parser lets through and a proxy may read otherwise, so that who a request is for, or
 * where it ends, would be a matter of opinion (RFC 9112 §3.2, §6.1, §11.2).
 */
export function faultOf(request: IncomingMessage): Refusal | undefined {
  const { httpVersionMajor: major, httpVersionMinor: minor, rawHeaders } = request
  if (major !== 1 || minor > 1) {
    return { status: 505, message: 'this listener speaks HTTP/1.1 and HTTP/1.0' }
  }
  if (rawHeaders.length > 2 * HEADERS_MAX) {
    return { status: 431, message: `more than ${HEADERS_MAX} headers` }
  }
  return codingFault(request) ?? hostFault(request) ?? targetFault(request)
}

function codingFault({ headers, httpVersionMinor }: IncomingMessage): Refusal | undefined {
  const coding = headers['transfer-encoding']
  if (coding === undefined) return undefined
  if (httpVersionMinor === 0) {
    return { status: 400, message: 'Transfer-Encoding in a request of HTTP/1.0' }
  }
  if (coding.toLowerCase() === 'chunked') return undefined
  return { status: 501, message: 'expected no other Transfer-Encoding than chunked' }
}

function hostFault(request: IncomingMessage): Refusal | undefined {
  const { headers, rawHeaders, httpVersionMinor } = request
  let hosts = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? ''
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++
  }
  if (hosts > 1) return { status: 400, message: 'several Host headers' }
  if (hosts === 0 && httpVersionMinor === 1) return { status: 400, message: 'no Host header' }
  if (isHost(headers.host ?? '')) return undefined
  return { status: 400, message: 'the Host header is not a host and a port' }
}

/** Whether it is what a `Host` header may say. */
export function isHost(value: string): boolean {
  return HOST.test(value)
}

/** The absolute form names its host a second time. Where both agree it is read as the path alone. */
function targetFault(request: IncomingMessage): Refusal | undefined {
  const { method, url = '/' } = request
  if (url.startsWith('/') || (url === '*' && method === 'OPTIONS')) return undefined
  const [, authority, rest = ''] = ABSOLUTE.exec(url) ?? []
  if (authority === undefined) {
    return { status: 400, message: 'expected a path, or an address with http:// or https://' }
  }
  if (authority.toLowerCase() !== request.headers.host?.toLowerCase()) {
    return { status: 400, message: 'the address and the Host header name different hosts' }
  }
  request.url = rest.startsWith('/') ? rest : `/${rest}`
  return undefined
}
