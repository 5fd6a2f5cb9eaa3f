import { decodeProtectedHeader, errors, jwtVerify, type JWTPayload } from 'jose'
import type { Clock } from '../lib/clock.ts'
import { fetchJson } from './fetch-json.ts'
import { IssuerKeys, KeysUnavailable, type FetchJson } from './issuer-keys.ts'

/** Whose tokens, and for whom. */
export interface JwtRules {
  /** What `iss` must be, letter by letter. */
  readonly issuer: string
  /** One of them must be in `aud`, or be `client_id` where there is no `aud`. Empty: for anybody. */
  readonly audiences: readonly string[]
}

/** What a token says, why it does not count, or why that could not be found out. */
export type JwtVerdict =
  | { readonly verdict: 'valid'; readonly claims: JWTPayload }
  | { readonly verdict: 'invalid'; readonly why: string; readonly expired?: boolean }
  | { readonly verdict: 'unknown'; readonly error: unknown }

/** Checks tokens. */
export type JwtCheck = (token: string, rules: JwtRules) => Promise<JwtVerdict>

/** What an issuer signs with and nobody else can: no `none`, and no secret that is shared (`HS*`). */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512']

/** All headers together may have 10,240 bytes at API Gateway. */
const TOKEN_LENGTH_MAX = 10_240

/**
 * A check of JSON Web Tokens in the steps that API Gateway names ("Control access to HTTP APIs with
 * JWT authorizers"): a known key by its `kid`, `iss`, `aud` or `client_id`, `exp`, `nbf`, `iat`. Keys
 * come from the issuer alone; what a token says of its own key (`jku`, `jwk`, `x5u`) is not looked at.
 */
export function createJwtCheck(clock: Clock, fetch: FetchJson = fetchJson): JwtCheck {
  const issuers = new Map<string, IssuerKeys>()
  return async (token, rules) => {
    const { issuer } = rules
    const known = issuers.get(issuer) ?? new IssuerKeys(issuer, clock, fetch)
    issuers.set(issuer, known)
    try {
      return await check(token, rules, known, clock.wallMs())
    } catch (error) {
      if (error instanceof KeysUnavailable) return { verdict: 'unknown', error }
      if (error instanceof errors.JWTExpired) {
        return { verdict: 'invalid', why: 'the token has expired', expired: true }
      }
      if (error instanceof errors.JOSEError) return invalid(wordsOf(error))
      throw error
    }
  }
}

async function check(
  token: string,
  { issuer, audiences }: JwtRules,
  issuerKeys: IssuerKeys,
  wallMs: number,
): Promise<JwtVerdict> {
  if (token.length > TOKEN_LENGTH_MAX) return invalid('the token is too long')
  const keyId = keyIdOf(token)
  if (typeof keyId !== 'string') return invalid('the token names no key')
  const { keys } = await issuerKeys.for(keyId)
  const { payload } = await jwtVerify(token, keys, {
    algorithms: ALGORITHMS,
    issuer,
    requiredClaims: ['exp'],
    currentDate: new Date(wallMs),
  })
  if (payload.iat !== undefined && payload.iat > wallMs / 1000) {
    return invalid('the token was issued in the future')
  }
  const isForUs = audiences.length === 0 || isMeantFor(payload, audiences)
  return isForUs
    ? { verdict: 'valid', claims: payload }
    : invalid('the token does not have a valid audience')
}

/** Undefined too for an algorithm that is not taken: such a token is worth no look at the issuer. */
function keyIdOf(token: string): unknown {
  let header: ReturnType<typeof decodeProtectedHeader>
  try {
    header = decodeProtectedHeader(token)
  } catch {
    return undefined
  }
  return ALGORITHMS.includes(header.alg ?? '') ? header.kid : undefined
}

/** `client_id` counts only where there is no `aud`. */
function isMeantFor(
  { aud, client_id: clientId }: JWTPayload,
  audiences: readonly string[],
): boolean {
  const named = aud ?? clientId
  const list: unknown[] = Array.isArray(named) ? named : [named]
  return list.some((each) => typeof each === 'string' && audiences.includes(each))
}

function invalid(why: string): JwtVerdict {
  return { verdict: 'invalid', why }
}

/** For the caller: nothing in it that the token did not say itself. */
function wordsOf(error: errors.JOSEError): string {
  if (!(error instanceof errors.JWTClaimValidationFailed)) return 'the token is not valid'
  return error.claim === 'iss' ? 'invalid issuer' : `the claim ${error.claim} is not valid`
}
