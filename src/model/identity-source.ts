/** A part of a request that an authorizer goes by. */
export interface IdentitySource {
  readonly part: 'header' | 'querystring' | 'stageVariables' | 'context'
  /** Of the header (any case), parameter, variable or context value. */
  readonly name: string
}

/** What of the context is known before a function is asked. */
export const CONTEXT_NAMES: readonly string[] = [
  'accountId',
  'apiId',
  'httpMethod',
  'identity.sourceIp',
  'identity.userAgent',
  'path',
  'protocol',
  'resourcePath',
  'routeKey',
  'stage',
]

/**
 * Reads an identity source in AWS's words: `method.request.header.Authorization` (REST),
 * `$request.querystring.token` (HTTP APIs); undefined for what is none, or none that is served.
 */
export function parseIdentitySource(
  text: string,
  front: 'rest' | 'httpapi',
): IdentitySource | undefined {
  const prefix = front === 'rest' ? '(?:method\\.)' : '\\$'
  const [, part = '', requestName = ''] =
    new RegExp(`^${prefix}request\\.(header|querystring)\\.(.+)$`).exec(text) ?? []
  const [, other = '', otherName = ''] =
    new RegExp(`^${front === 'rest' ? '' : '\\$'}(stageVariables|context)\\.(.+)$`).exec(text) ?? []
  if (requestName !== '') return { part: part as IdentitySource['part'], name: requestName }
  const isKnown = other === 'stageVariables' || CONTEXT_NAMES.includes(otherName)
  return otherName !== '' && isKnown
    ? { part: other as IdentitySource['part'], name: otherName }
    : undefined
}
