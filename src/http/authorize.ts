import { createJwtCheck } from '../auth/jwt.ts'
import { AuthorizerCache } from './authorizer-cache.ts'
import { iamGuards } from './authorize-iam.ts'
import { jwtGuard } from './authorize-jwt.ts'
import { lambdaGuard } from './authorize-lambda.ts'
import type { BodyGuard, Guard } from './guard.ts'
import type { GuardParts } from './guards.ts'
import type { RouteTarget } from './router.ts'

/** Who may use a route: what is asked at once, and what only once the body is there. */
export interface AuthorizerGuards {
  readonly before?: Guard
  readonly body?: BodyGuard
}

/** Makes the guards of the routes of one App; they share what they have been told. */
export function createAuthorize(parts: GuardParts): (target: RouteTarget) => AuthorizerGuards {
  const cache = new AuthorizerCache(parts.clock)
  const checkJwt = createJwtCheck(parts.clock)
  return (target) => {
    const { authorizer } = target.route
    switch (authorizer?.kind) {
      case undefined:
        return {}
      case 'lambda':
        return { before: lambdaGuard(parts, target, authorizer, cache) }
      case 'jwt':
        return { before: jwtGuard(parts, target, authorizer, checkJwt) }
      case 'iam':
        return iamGuards(parts, target)
    }
  }
}
