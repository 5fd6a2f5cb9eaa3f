import { didYouMean } from '../lib/suggest.ts'
import type { Authorizer, JwtAuthorizer, LambdaAuthorizer } from '../model/authorizer.ts'
import {
  DEFAULT_TTL_S,
  functionByArn,
  functionByKey,
  readIdentitySources,
  readTtlS,
  refuseOtherKeys,
  type AuthorizerReading,
} from './authorizer-words.ts'
import { child, exactText, expected, flag, items, oneOf, settings } from './read.ts'
import type { FunctionEvent } from './route.ts'
import { movedTo, type MapNode, type Node } from './tree.ts'

const COMMON_KEYS = ['type', 'name', 'identitySource']
const JWT_KEYS = [...COMMON_KEYS, 'issuerUrl', 'audience']
const REQUEST_KEYS = [
  ...COMMON_KEYS,
  'functionName',
  'functionArn',
  'resultTtlInSeconds',
  'enableSimpleResponses',
  'payloadVersion',
  'managedExternally',
]
const DEFAULT_SOURCE = '$request.header.Authorization'

/**
 * The `authorizer` of an `httpApi` event, by its name in `provider.httpApi.authorizers`
 * (serverless.com, "HTTP API (API Gateway v2)"): undefined where there is none; and an error, where
 * it is none that is served.
 */
export function readHttpApiAuthorizer(event: FunctionEvent, map: MapNode): Authorizer | undefined {
  const { manifest, key: owner, functions } = event
  const written = child(manifest, map, 'authorizer')
  if (written === undefined || (written.kind === 'scalar' && written.value === false))
    return undefined
  const node = movedTo(written, map.entries.get('authorizer')?.place ?? map.place)
  const reading: AuthorizerReading = { manifest, functions, front: 'httpapi', owner }
  if (node.kind === 'scalar') return byName(reading, node, String(node.value))
  if (node.kind !== 'map') {
    return expected(manifest, node, `${owner}: authorizer to be a name or a map`)
  }
  refuseOtherKeys(reading, node, ['name', 'type', 'scopes'])
  const type = oneOf(manifest, child(manifest, node, 'type'), 'the type of the authorizer', TYPES)
  if (type === 'aws_iam') return { kind: 'iam' }
  const name = exactText(manifest, child(manifest, node, 'name'), 'the name of the authorizer')
  if (name === undefined) {
    return expected(manifest, node, `${owner}: the authorizer to have a name`)
  }
  return withScopes(reading, node, byName(reading, node, name))
}

const TYPES = ['jwt', 'request', 'aws_iam'] as const

function withScopes(
  { manifest, owner }: AuthorizerReading,
  node: MapNode,
  authorizer: Authorizer | undefined,
): Authorizer | undefined {
  const list = child(manifest, node, 'scopes')
  if (authorizer === undefined || list === undefined) return authorizer
  if (authorizer.kind !== 'jwt') {
    return expected(manifest, list, `${owner}: scopes only with an authorizer of type jwt`)
  }
  const scopes = items(manifest, list, 'scopes')
  return { ...authorizer, scopes: scopes.map((each) => exactText(manifest, each, 'a scope') ?? '') }
}

function byName(reading: AuthorizerReading, node: Node, name: string): Authorizer | undefined {
  const { manifest, owner } = reading
  const all = child(manifest, manifest.root, 'provider', 'httpApi', 'authorizers')
  const list = settings(manifest, all, 'provider.httpApi.authorizers')
  const found = list.find(({ key }) => key === name)
  if (found !== undefined) {
    return readDefinition({ ...reading, owner: `the authorizer ${name}` }, name, found.value)
  }
  const names = list.map(({ key }) => key)
  const hint = name === 'aws_iam' ? '; write { type: aws_iam }' : didYouMean(name, names)
  const message = `${owner}: there is no authorizer "${name}" in provider.httpApi.authorizers${hint}`
  manifest.report.error(node.place, message)
}

function readDefinition(
  reading: AuthorizerReading,
  name: string,
  node: Node,
): Authorizer | undefined {
  const { manifest, owner } = reading
  if (node.kind !== 'map') return expected(manifest, node, `${owner} to be a map`)
  const typeNode = child(manifest, node, 'type')
  const type = oneOf(manifest, typeNode, `the type of ${owner}`, ['jwt', 'request'] as const)
  if (typeNode !== undefined && type === undefined) return undefined
  return type === 'request' ? readRequest(reading, name, node) : readJwt(reading, name, node)
}

function readJwt(
  reading: AuthorizerReading,
  name: string,
  node: MapNode,
): JwtAuthorizer | undefined {
  const { manifest, owner } = reading
  refuseOtherKeys(reading, node, JWT_KEYS)
  const issuerNode = child(manifest, node, 'issuerUrl')
  const issuer = exactText(manifest, issuerNode, `the issuerUrl of ${owner}`)
  if (issuerNode === undefined) return expected(manifest, node, `${owner} to have an issuerUrl`)
  if (issuer === undefined) return undefined
  if (!isIssuer(issuer)) {
    return expected(manifest, issuerNode, `the issuerUrl of ${owner} to be a URL with https:`)
  }
  const audienceNode = child(manifest, node, 'audience')
  const list =
    audienceNode?.kind === 'list' ? items(manifest, audienceNode, 'audience') : [audienceNode]
  const audiences = list.map((each) => exactText(manifest, each, `the audience of ${owner}`) ?? '')
  if (audiences.length === 0 || audiences.includes('')) {
    return expected(manifest, audienceNode ?? node, `${owner} to have an audience`)
  }
  const sourceNode = child(manifest, node, 'identitySource')
  const [identitySource = DEFAULT_SOURCE, another] = readIdentitySources(reading, sourceNode)
  if (another !== undefined && sourceNode !== undefined) {
    expected(manifest, sourceNode, `${owner} to have one identitySource`)
  }
  return { kind: 'jwt', name, issuer, audiences, identitySource, scopes: [] }
}

/** TLS is what makes its keys its own; an issuer on this machine may do without. */
function isIssuer(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname } = new URL(text)
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
  return protocol === 'https:' || (protocol === 'http:' && isHere)
}

function readRequest(
  reading: AuthorizerReading,
  name: string,
  node: MapNode,
): LambdaAuthorizer | undefined {
  const { manifest, owner } = reading
  refuseOtherKeys(reading, node, REQUEST_KEYS)
  const functionName = readFunction(reading, node)
  const identitySources = readIdentitySources(reading, child(manifest, node, 'identitySource'))
  const ttlNode = child(manifest, node, 'resultTtlInSeconds')
  const ttlS = readTtlS(reading, node) ?? (identitySources.length > 0 ? DEFAULT_TTL_S : 0)
  if (ttlNode !== undefined && ttlS > 0 && identitySources.length === 0) {
    expected(manifest, ttlNode, `${owner} to have an identitySource that answers are kept by`)
  }
  const version = child(manifest, node, 'payloadVersion')
  const payload = oneOf(manifest, version, 'payloadVersion', ['1.0', '2.0', '1', '2']) ?? '2.0'
  const simpleNode = child(manifest, node, 'enableSimpleResponses')
  const simpleResponses = flag(manifest, simpleNode, 'enableSimpleResponses') ?? false
  if (simpleNode !== undefined && simpleResponses && payload.startsWith('1')) {
    expected(manifest, simpleNode, 'enableSimpleResponses only with payloadVersion "2.0"')
  }
  return functionName === undefined
    ? undefined
    : {
        kind: 'lambda',
        name,
        functionName,
        form: 'request',
        payload: payload.startsWith('1') ? '1.0' : '2.0',
        simpleResponses,
        identitySources,
        ttlMs: ttlS * 1000,
      }
}

function readFunction(reading: AuthorizerReading, node: MapNode): string | undefined {
  const { manifest, owner } = reading
  const keyNode = child(manifest, node, 'functionName')
  const arnNode = child(manifest, node, 'functionArn')
  if ((keyNode === undefined) === (arnNode === undefined)) {
    return expected(manifest, node, `${owner} to have either a functionName or a functionArn`)
  }
  if (arnNode !== undefined) return functionByArn(reading, arnNode)
  const key = exactText(manifest, keyNode, 'functionName')
  return key === undefined ? undefined : functionByKey(reading, key, keyNode?.place ?? node.place)
}
