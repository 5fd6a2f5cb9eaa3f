/** Who says whether a caller may use a route. */
export type Authorizer = LambdaAuthorizer | JwtAuthorizer | IamAuthorizer

/** A function is asked, and its answer kept for a while. */
export interface LambdaAuthorizer {
  readonly kind: 'lambda'
  /** Its key in the manifest; part of what its answers are kept by. */
  readonly name: string
  /** Deployed name of the function that is asked. */
  readonly functionName: string
  /** `token` gets one header's value and nothing else; REST APIs only. */
  readonly form: 'token' | 'request'
  /** What a `request` authorizer receives. REST is always `1.0`. */
  readonly payload: '1.0' | '2.0'
  /** It answers `{isAuthorized, context}` instead of a policy; payload 2.0 only. */
  readonly simpleResponses: boolean
  /**
   * Parts of the request that must be there, and that answers are kept by, in AWS's words:
   * `method.request.header.Authorization` (REST), `$request.header.Authorization` (HTTP APIs).
   */
  readonly identitySources: readonly string[]
  /** `IdentityValidationExpression`: a token that does not match is turned away unasked. */
  readonly identityValidation?: string
  /** How long an answer holds. 0: every request asks. */
  readonly ttlMs: number
}

/**
 * A token signed by an issuer: of an HTTP API, or of a REST API with a Cognito user pool. That takes
 * identity tokens where it names no scopes, and access tokens where it does.
 */
export interface JwtAuthorizer {
  readonly kind: 'jwt'
  readonly name: string
  /** What `iss` must be, and below which `/.well-known/openid-configuration` lies. */
  readonly issuer: string
  /** One of them must be in `aud`, or be `client_id`. Empty: for anybody (user pools). */
  readonly audiences: readonly string[]
  /** `$request.header.Authorization`, `method.request.header.Authorization`. */
  readonly identitySource: string
  /** The token must have one of these. Empty: any token of the issuer. */
  readonly scopes: readonly string[]
}

/** The request is signed (Signature Version 4) with a key that Spillway was given. */
export interface IamAuthorizer {
  readonly kind: 'iam'
}
