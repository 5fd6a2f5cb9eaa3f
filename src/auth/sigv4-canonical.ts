import { createHash } from 'node:crypto'
import { valuesOf } from '../lib/raw-headers.ts'
import type { SignatureClaim, SignedRequest } from './sigv4-request.ts'

/**
 * The text that a signature is made over (AWS General Reference, "Create a signed AWS API request"):
 * undefined where a part of the request has no canonical form.
 */
export function stringToSign(
  request: SignedRequest,
  claim: SignatureClaim,
  payloadHash: string,
): string | undefined {
  const mark = request.target.indexOf('?')
  const path = mark === -1 ? request.target : request.target.slice(0, mark)
  const query = canonicalQuery(mark === -1 ? '' : request.target.slice(mark + 1))
  if (query === undefined) return undefined
  const canonical = [
    request.method,
    canonicalPath(path),
    query,
    ...claim.signedHeaders.map((name) => `${name}:${canonicalValue(request.rawHeaders, name)}`),
    '',
    claim.signedHeaders.join(';'),
    payloadHash,
  ].join('\n')
  return ['AWS4-HMAC-SHA256', claim.time, scopeOf(claim), sha256(canonical)].join('\n')
}

/** `20261125/us-east-1/execute-api/aws4_request`. */
export function scopeOf({ date, region, service }: SignatureClaim): string {
  return `${date}/${region}/${service}/aws4_request`
}

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}

/** The path as sent, without dot segments and double slashes, and encoded once more: all but S3. */
function canonicalPath(path: string): string {
  const segments: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop()
    else if (segment !== '' && segment !== '.') segments.push(encode(segment))
  }
  const end = segments.length > 0 && path.endsWith('/') ? '/' : ''
  return `/${segments.join('/')}${end}`
}

/** Sorted by name, then by value, both encoded. The signature itself is not part of it. */
function canonicalQuery(query: string): string | undefined {
  const pairs: [string, string][] = []
  for (const piece of query.split('&')) {
    if (piece === '') continue
    const equals = piece.indexOf('=')
    const name = recoded(equals === -1 ? piece : piece.slice(0, equals))
    const value = recoded(equals === -1 ? '' : piece.slice(equals + 1))
    if (name === undefined || value === undefined) return undefined
    if (name !== 'X-Amz-Signature') pairs.push([name, value])
  }
  pairs.sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
  return pairs.map(([name, value]) => `${name}=${value}`).join('&')
}

/** By code unit, which is what the signer's sort does; a locale's order is another. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** One spelling for each value: a plus is a blank, as in the events that functions get. */
function recoded(text: string): string | undefined {
  try {
    return encode(decodeURIComponent(text.replaceAll('+', ' ')))
  } catch {
    return undefined
  }
}

/** RFC 3986: all but letters, digits, `-`, `.`, `_` and `~`. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function canonicalValue(rawHeaders: readonly string[], name: string): string {
  return valuesOf(rawHeaders, name)
    .map((value) => value.trim().replace(/\s+/g, ' '))
    .join(',')
}
