import type { Json } from './cases.ts'
import { match } from './match.mjs'
import { headerMap, headerValues, type WireResponse } from './wire.ts'

/** What the matchers may refer to: `${name}` and `$sameAs`. */
export interface Context {
  readonly vars: Readonly<Record<string, string>>
  readonly root?: Json
}

type Check = (expected: Json, response: WireResponse, context: Context) => string[]

const CHECKS: Readonly<Record<string, Check>> = {
  status: (expected, { status }, context) => match(expected, status, context, '/status'),
  headers: (expected, response, context) =>
    match(lowerKeys(expected), headerMap(response), context, '/headers'),
  headerValues: (expected, response, context) =>
    Object.entries(expected).flatMap(([name, values]) =>
      valueListProblems(values, headerValues(response, name), context, name),
    ),
  headerNameCase: (expected, response) => {
    const wanted: string[] = Array.isArray(expected) ? expected : Object.values(expected)
    const spelt = response.headers.map(([name]) => name)
    return wanted
      .filter((name) => !spelt.includes(name))
      .map((name) => `/headerNameCase: want ${name} got [${spelt.join(', ')}]`)
  },
  setCookies: (expected, response, context) =>
    match(expected, headerValues(response, 'set-cookie'), context, '/setCookies'),
  body: (expected, { body }, context) => match(expected, body.toString(), context, '/body'),
  bodyBase64: (expected, { body }, context) =>
    match(expected, body.toString('base64'), context, '/bodyBase64'),
  json: (expected, { body }, context) =>
    match({ $json: expected }, body.toString(), context, '/json'),
}

const BODY_KEYS = new Set(['body', 'bodyBase64', 'json'])

function emptyBodyProblems({ body }: WireResponse): string[] {
  return body.length === 0 ? [] : ['/body: a HEAD was answered with a body']
}

/** Compares a whole response with what a case expects of it. */
export function responseProblems(
  expected: Json,
  response: WireResponse,
  context: Context,
): string[] {
  return Object.entries(expected).flatMap(([key, value]) => {
    if (response.method === 'HEAD' && BODY_KEYS.has(key)) return emptyBodyProblems(response)
    const check = CHECKS[key]
    return check === undefined ? [unknownKey(key)] : check(value, response, context)
  })
}

/** A key the runner cannot check must not look like one that passed. */
export function unknownKey(key: string): string {
  return `/${key}: this runner does not know how to check it`
}

function valueListProblems(
  expected: Json,
  actual: string[],
  context: Context,
  name: string,
): string[] {
  const problems = match(expected, actual, context, `/headerValues/${name}`)
  if (problems.length === 0 || actual.length !== 1) return problems
  const split = (actual[0] ?? '').split(/,\s*/)
  return match(expected, split, context, `/headerValues/${name}`).length === 0 ? [] : problems
}

function lowerKeys(headers: Json): Json {
  return Object.fromEntries(
    Object.entries(headers).map(([key, value]) => [
      key.startsWith('$') ? key : key.toLowerCase(),
      value,
    ]),
  )
}
