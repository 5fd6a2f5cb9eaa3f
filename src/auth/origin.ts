import type { IncomingHttpHeaders } from 'node:http'

/*
 * A listener on loopback is out of the network's reach, but not of the browser's on the same machine:
 * any web page may send requests to it. A page can neither choose the Host header nor leave out
 * Origin on a request that changes something, and that is what these two look at. No answer carries
 * Access-Control-Allow-Origin, so what a page may send it still cannot read.
 */

const LOOPBACK_NAMES = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * Whether `Host` names this machine's loopback. A page that points its own name at 127.0.0.1 (DNS
 * rebinding) is of one origin with the listener, and its name in `Host` is all that gives it away.
 */
export function isLoopbackHost({ host = '' }: IncomingHttpHeaders): boolean {
  const [, name = ''] = /^(\[[^\]]*\]|[^:]*)(?::\d+)?$/.exec(host) ?? []
  return LOOPBACK_NAMES.has(name.toLowerCase())
}

/**
 * Whether a browser says that the request comes from a page of another origin. Another port is
 * another origin; `none` is the address bar.
 */
export function isFromForeignPage(headers: IncomingHttpHeaders): boolean {
  const { origin, host = '' } = headers
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true
  return origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`
}
