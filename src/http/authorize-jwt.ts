import type { JwtCheck, JwtVerdict } from '../auth/jwt.ts'
import { toClaimTexts } from '../events/claims.ts'
import type { JwtAuthorizer } from '../model/authorizer.ts'
import type { Arrival, Guard, Verdict } from './guard.ts'
import type { GuardParts } from './guards.ts'
import { identityReader } from './identity.ts'
import { refuse } from './refuse.ts'
import type { RouteTarget } from './router.ts'

type Claims = Extract<JwtVerdict, { verdict: 'valid' }>['claims']

/** Lets in who brings a token of the issuer (http-api-jwt-authorizer.md; apigateway-integrate-with-cognito.md). */
export function jwtGuard(
  { app, onTrouble }: GuardParts,
  target: RouteTarget,
  authorizer: JwtAuthorizer,
  check: JwtCheck,
): Guard {
  const read = identityReader(authorizer.identitySource, target, app.accountId)
  const { scopes } = authorizer
  return async (arrival) => {
    const [value, another] = read(arrival)
    if (value === undefined || another !== undefined) return unauthorized(arrival)
    const found = await check(value.replace(/^bearer +/i, ''), authorizer)
    if (found.verdict === 'unknown') {
      onTrouble?.(`the authorizer ${authorizer.name} let nobody in: ${reasonOf(found.error)}`)
      return refuse(arrival, 'authorizer-failed')
    }
    if (found.verdict === 'invalid') {
      return unauthorized(arrival, { scopes, why: found.why, expired: found.expired ?? false })
    }
    const { claims } = found
    if (target.api.front === 'rest') return ofUserPool(arrival, claims, scopes)
    const granted = scopesOf(claims)
    if (scopes.length > 0 && !scopes.some((scope) => granted.includes(scope))) {
      return refuse(arrival, 'access-denied')
    }
    const told = { claims: toClaimTexts(claims), scopes: scopes.length === 0 ? null : granted }
    return { caller: { authorizer: target.api.payload === '1.0' ? told : { jwt: told } } }
  }
}

/** Without scopes it takes identity tokens, with scopes access tokens that have one of them. */
function ofUserPool(arrival: Arrival, claims: Claims, scopes: readonly string[]): Verdict {
  const granted = scopesOf(claims)
  const isRight =
    scopes.length === 0
      ? claims['token_use'] === 'id'
      : claims['token_use'] === 'access' && scopes.some((scope) => granted.includes(scope))
  if (!isRight) return refuse(arrival, 'unauthorized')
  return { caller: { authorizer: { claims: toClaimTexts(claims) } } }
}

/** `scope`, a text with blanks, or `scp`, which may be a list. */
function scopesOf({ scope, scp }: Claims): string[] {
  const given: unknown = scope ?? scp
  if (typeof given === 'string') return given.split(' ').filter((each) => each !== '')
  return Array.isArray(given) ? given.filter((each) => typeof each === 'string') : []
}

interface Wrong {
  readonly scopes: readonly string[]
  readonly why: string
  readonly expired: boolean
}

/** HTTP APIs say in a header what is wrong (http-api-troubleshooting-jwt.md). */
function unauthorized(arrival: Arrival, wrong?: Wrong): Verdict {
  if (arrival.route.api.front === 'rest') {
    return refuse(arrival, wrong?.expired === true ? 'expired-token' : 'unauthorized')
  }
  const { refusal } = refuse(arrival, 'unauthorized')
  const challenge =
    wrong === undefined
      ? 'Bearer'
      : `Bearer scope="${wrong.scopes.join(' ')}" error="invalid_token" error_description="${wrong.why}"`
  const rawHeaders = [...refusal.rawHeaders, 'www-authenticate', challenge]
  return { refusal: { ...refusal, rawHeaders } }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
