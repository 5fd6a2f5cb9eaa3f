import { createHmac, timingSafeEqual } from 'node:crypto'
import type { AwsKey } from './aws-keys.ts'
import { scopeOf, sha256, stringToSign } from './sigv4-canonical.ts'
import { valuesOf } from '../lib/raw-headers.ts'
import { readClaim, type SignatureClaim, type SignedRequest } from './sigv4-request.ts'

export type { SignedRequest } from './sigv4-request.ts'

/** Whether a request is signed with a known key. */
export type SignatureVerdict =
  | { readonly verdict: 'signed'; readonly accessKeyId: string }
  /** `detail` is for whoever sent it: AWS's words, or the reason. */
  | { readonly verdict: 'refused'; readonly fault: SignatureFault; readonly detail?: string }
  /** All but the body has been looked at, and the body decides: ask again with it. */
  | { readonly verdict: 'after-body'; readonly accessKeyId: string }

export type SignatureFault = 'unsigned' | 'unknown-key' | 'bad-signature'

/** What a check is for. */
export interface SignatureRules {
  readonly keys: readonly AwsKey[]
  /** It must be in the credential's scope, too. */
  readonly region: () => string
  /** One of them must be in the credential's scope: `execute-api`. */
  readonly services: readonly string[]
  /** Whether a URL may carry the signature. API Gateway and Function URLs allow it, Lambda's API does not. */
  readonly presigned: boolean
  /** Milliseconds since 1970. */
  readonly wallMs: () => number
}

/** Checks a request; `body` is absent while it has not been read. */
export type SignatureCheck = (request: SignedRequest, body?: Uint8Array) => SignatureVerdict

/** How far the clocks of signer and server may be apart (AWS General Reference). */
const SKEW_MS = 5 * 60 * 1000

/** Hashes of the empty body are asked for most. */
const EMPTY_HASH: string = sha256('')

/**
 * A check of AWS Signature Version 4 (AWS General Reference, "Signature Version 4 signing process").
 * Every body is checked against what was signed; `UNSIGNED-PAYLOAD` and chunked signatures are S3's
 * alone. Whoever holds a key may do everything: there is no policy behind it.
 */
export function createSignatureCheck(rules: SignatureRules): SignatureCheck {
  const keys = new Map(rules.keys.map((key) => [key.accessKeyId, key]))
  const signingKeys = new SigningKeys()
  return (request, body) => {
    const claim = readClaim(request)
    if (claim === undefined) return { verdict: 'refused', fault: 'unsigned' }
    if (claim === null) return bad(UNREADABLE)
    const key = keys.get(claim.accessKeyId)
    if (key === undefined || !isOfSession(key, request)) {
      return { verdict: 'refused', fault: 'unknown-key' }
    }
    const why = faultOf(claim, request, rules)
    if (why !== undefined) return bad(why)
    const hash = payloadHash(claim, request, body)
    if (hash === undefined) return { verdict: 'after-body', accessKeyId: claim.accessKeyId }
    const text = stringToSign(request, claim, hash)
    const signature = text === undefined ? undefined : hmac(signingKeys.of(key, claim), text)
    if (signature === undefined || !isSame(signature, claim.signature)) return NO_MATCH
    const isWhole = body === undefined || hash === hashOf(body)
    return isWhole ? { verdict: 'signed', accessKeyId: claim.accessKeyId } : NO_MATCH
  }
}

const UNREADABLE = 'The signature of the request is not complete, or is there twice.'
const NO_MATCH: SignatureVerdict = { verdict: 'refused', fault: 'bad-signature' }

function bad(detail: string): SignatureVerdict {
  return { verdict: 'refused', fault: 'bad-signature', detail }
}

/** Whether a request brings the token of the key's session, and none where that is of no session. */
function isOfSession({ sessionToken }: AwsKey, { rawHeaders, target }: SignedRequest): boolean {
  const tokens = valuesOf(rawHeaders, 'x-amz-security-token')
  if (/[?&]X-Amz-Security-Token=/i.test(target)) return false
  return sessionToken === undefined ? tokens.length === 0 : tokens.join() === sessionToken
}

/** Why a claim does not hold, whatever its signature is. */
function faultOf(
  claim: SignatureClaim,
  { rawHeaders }: SignedRequest,
  { region, services, presigned, wallMs }: SignatureRules,
): string | undefined {
  if (!services.includes(claim.service)) {
    return `Credential should be scoped to correct service: '${services.join("' or '")}'. `
  }
  if (claim.region !== region()) {
    return `Credential should be scoped to a valid region: '${region()}'. `
  }
  if (claim.expiresS !== undefined && !presigned) return 'The signature is to be in a header here.'
  return timeFault(claim, wallMs()) ?? headerFault(claim, rawHeaders)
}

function timeFault(
  { time, timeEpochMs, expiresS }: SignatureClaim,
  nowMs: number,
): string | undefined {
  const now = basicTime(nowMs)
  if (timeEpochMs > nowMs + SKEW_MS) {
    return `Signature not yet current: ${time} is still later than ${basicTime(nowMs + SKEW_MS)} (${now} + 5 min.)`
  }
  if (expiresS !== undefined) {
    return nowMs > timeEpochMs + expiresS * 1000 ? 'Signature expired' : undefined
  }
  if (timeEpochMs >= nowMs - SKEW_MS) return undefined
  return `Signature expired: ${time} is now earlier than ${basicTime(nowMs - SKEW_MS)} (${now} - 5 min.)`
}

function basicTime(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`
}

/** What a content delivery network adds on the way, after the client has signed. */
const ADDED_ON_THE_WAY = new Set(['x-amz-cf-id'])

/** What decides where a request goes and what it does must be signed; and what is signed must be there. */
function headerFault(
  { signedHeaders }: SignatureClaim,
  rawHeaders: readonly string[],
): string | undefined {
  const signed = new Set(signedHeaders)
  if (!signed.has('host'))
    return "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
  const names = new Set<string>()
  for (let i = 0; i < rawHeaders.length; i += 2) names.add((rawHeaders[i] ?? '').toLowerCase())
  const missing = signedHeaders.find((name) => !names.has(name))
  if (missing !== undefined) return `'${missing}' is a signed header and not in the request.`
  const unsigned = [...names].find(
    (name) => name.startsWith('x-amz-') && !signed.has(name) && !ADDED_ON_THE_WAY.has(name),
  )
  return unsigned === undefined
    ? undefined
    : `'${unsigned}' must be a 'SignedHeader' in the AWS Authorization.`
}

/** Of the body, or what a signed header says that it is; undefined while nobody knows. */
function payloadHash(
  { signedHeaders }: SignatureClaim,
  { rawHeaders }: SignedRequest,
  body: Uint8Array | undefined,
): string | undefined {
  const [said] = signedHeaders.includes('x-amz-content-sha256')
    ? valuesOf(rawHeaders, 'x-amz-content-sha256')
    : []
  if (said !== undefined) return said
  if (body !== undefined) return hashOf(body)
  return announcesBody(rawHeaders) ? undefined : EMPTY_HASH
}

function hashOf(body: Uint8Array): string {
  return body.length === 0 ? EMPTY_HASH : sha256(body)
}

function announcesBody(rawHeaders: readonly string[]): boolean {
  return (
    valuesOf(rawHeaders, 'transfer-encoding').length > 0 ||
    valuesOf(rawHeaders, 'content-length').some((length) => length !== '0')
  )
}

function hmac(key: string | Buffer, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest()
}

function isSame(signature: Buffer, claimed: string): boolean {
  return timingSafeEqual(signature, Buffer.from(claimed, 'hex'))
}

/** Signing keys of today: making one takes four HMACs. */
class SigningKeys {
  readonly #known = new Map<string, Buffer>()

  of({ accessKeyId, secretAccessKey }: AwsKey, claim: SignatureClaim): Buffer {
    const name = `${accessKeyId}/${scopeOf(claim)}`
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const scope = [claim.date, claim.region, claim.service, 'aws4_request']
    const made = scope.reduce<Buffer>(hmac, Buffer.from(`AWS4${secretAccessKey}`))
    // Presigned URLs name the day they were made on: some of the last seven for each key.
    if (this.#known.size >= SIGNING_KEYS_MAX) this.#known.clear()
    this.#known.set(name, made)
    return made
  }
}

const SIGNING_KEYS_MAX = 1000
