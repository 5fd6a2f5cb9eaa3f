import type { Place } from '../lib/errors.ts'
import { didYouMean } from '../lib/suggest.ts'
import { parseIdentitySource } from '../model/identity-source.ts'
import type { Manifest } from './manifest.ts'
import { child, exactText, expected, items, settings, wholeNumber } from './read.ts'
import type { Node } from './tree.ts'

/** The deployed names of a manifest's functions, by their keys. */
export type FunctionNames = ReadonlyMap<string, string>

/** Where an authorizer is written, and for which kind of API. */
export interface AuthorizerReading {
  readonly manifest: Manifest
  readonly functions: FunctionNames
  readonly front: 'rest' | 'httpapi'
  /** Its owner in messages: a function's key, or `the authorizer x`. */
  readonly owner: string
}

/** The default of REST APIs, and of HTTP APIs that have something to keep answers by. */
export const DEFAULT_TTL_S = 300

const TTL_S = { min: 0, max: 3600, unit: 'seconds' }

/** `resultTtlInSeconds`; undefined where nothing is written. */
export function readTtlS({ manifest }: AuthorizerReading, node: Node): number | undefined {
  const ttl = child(manifest, node, 'resultTtlInSeconds')
  return wholeNumber(manifest, ttl, 'resultTtlInSeconds', TTL_S)
}

/** Refuses every key that is not known: one that is misspelt, or not served, must not be skipped. */
export function refuseOtherKeys(
  { manifest, owner }: AuthorizerReading,
  node: Node,
  known: readonly string[],
): void {
  for (const { key, place } of settings(manifest, node, 'authorizer')) {
    if (known.includes(key)) continue
    const message = `${owner}: "${key}" of an authorizer is not supported${didYouMean(key, known)}`
    manifest.report.error(place, message)
  }
}

/**
 * Identity sources: a list, or one text with commas between them. An error for each that is none of
 * the API's kind, or none that can be read here.
 */
export function readIdentitySources(reading: AuthorizerReading, node: Node | undefined): string[] {
  const { manifest, front } = reading
  if (node === undefined) return []
  const list = node.kind === 'list' ? items(manifest, node, 'identitySource') : [node]
  return list.flatMap((each) => {
    const text = exactText(manifest, each, 'identitySource') ?? ''
    const sources = front === 'rest' ? text.split(',').map((part) => part.trim()) : [text]
    for (const source of sources) {
      if (source !== '' && parseIdentitySource(source, front) === undefined) {
        expected(manifest, each, `identitySource to be ${EXAMPLES[front]}`)
      }
    }
    return sources.filter((source) => source !== '')
  })
}

const EXAMPLES = {
  rest: '"method.request.header.NAME", or the same of querystring, "stageVariables.NAME" or "context.NAME"',
  httpapi:
    '"$request.header.NAME", or the same of querystring, "$stageVariables.NAME" or "$context.NAME"',
}

/** The function with a key of this manifest; an error where there is none. */
export function functionByKey(
  { manifest, functions, owner }: AuthorizerReading,
  key: string,
  place: Place,
): string | undefined {
  const name = functions.get(key)
  if (name !== undefined) return name
  const guess = didYouMean(key, [...functions.keys()])
  const message = `${owner}: its authorizer names the function "${key}", which is not in this manifest${guess}`
  manifest.report.error(place, message)
}

const LAMBDA_ARN = /^arn:[\w-]+:lambda:[\w-]*:\d*:function:([\w-]+)(?::[\w$-]+)?$/

/**
 * The deployed name of the function that an ARN names: written out, or as `!GetAtt
 * XLambdaFunction.Arn` of a function of this manifest. Whether it is there is checked once all
 * manifests are read.
 */
export function functionByArn(reading: AuthorizerReading, node: Node): string | undefined {
  const { manifest, functions, owner } = reading
  if (node.kind === 'unknown') {
    const [, logicalId] = /^\$\{(\w+)LambdaFunction\.Arn\}$/.exec(node.text) ?? []
    const key = [...functions.keys()].find((each) => logicalIdOf(each) === logicalId)
    if (key !== undefined) return functions.get(key)
  }
  const [, name] = node.kind === 'scalar' ? (LAMBDA_ARN.exec(String(node.value)) ?? []) : []
  if (name !== undefined) return name
  const rule = `${owner}: the ARN of its authorizer to be of a function of this application`
  return expected(
    manifest,
    node,
    `${rule}, such as arn:aws:lambda:us-east-1:123456789012:function:auth`,
  )
}

/** As Serverless makes it from a function's key. */
function logicalIdOf(key: string): string {
  const id = key.replaceAll('-', 'Dash').replaceAll('_', 'Underscore')
  return `${id.slice(0, 1).toUpperCase()}${id.slice(1)}`
}

const USER_POOL_ARN = /^arn:([\w-]+):cognito-idp:([\w-]+):\d*:userpool\/([\w-]+)$/

/** The issuer of the tokens of a user pool, by its ARN; undefined for another ARN. */
export function issuerOfUserPool(arn: string): string | undefined {
  const [, partition, region, id] = USER_POOL_ARN.exec(arn) ?? []
  if (id === undefined) return undefined
  const suffix = partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com'
  return `https://cognito-idp.${region}.${suffix}/${id}`
}
