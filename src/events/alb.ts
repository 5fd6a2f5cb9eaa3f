import { toBase64, utf8 } from './bytes.ts'
import type { HttpRequest, RouteContext } from './http.ts'
import { append, put, type MultiMap, type StringMap } from './maps.ts'
import { isText } from './media-types.ts'
import { splitTarget } from './path.ts'
import { sentPairs } from './query.ts'
import { listedHeaders } from './request-headers.ts'

/**
 * What a function behind a load balancer receives. Headers and query are either strings or lists,
 * as its target group says, and never both.
 */
export interface AlbEvent {
  requestContext: { elb: { targetGroupArn: string } }
  httpMethod: string
  path: string
  queryStringParameters?: StringMap
  multiValueQueryStringParameters?: MultiMap
  headers?: StringMap
  multiValueHeaders?: MultiMap
  /** Empty where there is none. */
  body: string
  isBase64Encoded: boolean
}

/**
 * The event that a load balancer gives its function (docs/reference/http.md): nothing is decoded, header
 * names are lower case, and of repeats the last counts where there are no lists.
 */
export function toAlbEvent(request: HttpRequest, route: RouteContext): AlbEvent {
  const { path, query } = splitTarget(request.target)
  const { list, facts } = listedHeaders(request)
  const pairs = sentPairs(query)
  const { multiValueHeaders = false, targetGroupArn = '' } = route
  return {
    requestContext: { elb: { targetGroupArn } },
    httpMethod: request.method,
    path,
    ...(multiValueHeaders
      ? { multiValueQueryStringParameters: all(pairs), multiValueHeaders: all(list) }
      : { queryStringParameters: last(pairs), headers: last(list) }),
    ...bodyOf(request.body, facts.contentType, list),
  }
}

function last(pairs: readonly string[]): StringMap {
  const map: StringMap = {}
  for (let i = 0; i < pairs.length; i += 2) put(map, pairs[i] ?? '', pairs[i + 1] ?? '')
  return map
}

function all(pairs: readonly string[]): MultiMap {
  const map: MultiMap = {}
  for (let i = 0; i < pairs.length; i += 2) append(map, pairs[i] ?? '', pairs[i + 1] ?? '')
  return map
}

/** Text where its type says so and it is not encoded; a body without a type is base64. */
function bodyOf(
  body: Uint8Array,
  contentType: string | undefined,
  headers: readonly string[],
): Pick<AlbEvent, 'body' | 'isBase64Encoded'> {
  if (body.length === 0) return { body: '', isBase64Encoded: false }
  const isEncoded = headers.some((name, i) => i % 2 === 0 && name === 'content-encoding')
  return isText(contentType) && !isEncoded
    ? { body: utf8(body), isBase64Encoded: false }
    : { body: toBase64(body), isBase64Encoded: true }
}
