import type { Authorizer, JwtAuthorizer, LambdaAuthorizer } from '../model/authorizer.ts'
import {
  DEFAULT_TTL_S,
  functionByArn,
  functionByKey,
  issuerOfUserPool,
  readIdentitySources,
  readTtlS,
  refuseOtherKeys,
  type AuthorizerReading,
} from './authorizer-words.ts'
import { child, exactText, expected, items, oneOf } from './read.ts'
import type { FunctionEvent } from './route.ts'
import { movedTo, type MapNode, type Node } from './tree.ts'

const TYPES = ['TOKEN', 'REQUEST', 'COGNITO_USER_POOLS', 'AWS_IAM'] as const
const DEFAULT_SOURCE = 'method.request.header.Authorization'

const KEYS = `
  name arn type identitySource identityValidationExpression resultTtlInSeconds managedExternally
  scopes
`
  .trim()
  .split(/\s+/)

/**
 * The `authorizer` of an `http` event (serverless.com, "HTTP Endpoints with Custom Authorizers"):
 * undefined where there is none; and an error, where it is none that is served.
 */
export function readRestAuthorizer(event: FunctionEvent, map: MapNode): Authorizer | undefined {
  const { manifest, key: owner, functions } = event
  const written = child(manifest, map, 'authorizer')
  if (written === undefined || (written.kind === 'scalar' && written.value === false))
    return undefined
  // What is wrong is said of the event's own line, not of where a variable leads.
  const node = movedTo(written, map.entries.get('authorizer')?.place ?? map.place)
  const reading: AuthorizerReading = { manifest, functions, front: 'rest', owner }
  if (node.kind === 'scalar') return fromText(reading, node, String(node.value))
  if (node.kind !== 'map') return fromArn(reading, node, undefined)
  refuseOtherKeys(reading, node, KEYS)
  const typeNode = child(manifest, node, 'type')
  const type = oneOf(manifest, typeNode, 'the type of the authorizer', TYPES)
  if (typeNode !== undefined && type === undefined) return undefined
  return type === 'AWS_IAM' ? { kind: 'iam' } : fromMap(reading, node, type)
}

/** A function's key, an ARN, or `aws_iam`. */
function fromText(reading: AuthorizerReading, node: Node, text: string): Authorizer | undefined {
  if (text.toUpperCase() === 'AWS_IAM') return { kind: 'iam' }
  if (text.includes(':')) return fromArn(reading, node, undefined)
  const functionName = functionByKey(reading, text, node.place)
  return functionName === undefined ? undefined : { ...TOKEN, name: text, functionName }
}

const TOKEN: Omit<LambdaAuthorizer, 'name' | 'functionName'> = {
  kind: 'lambda',
  form: 'token',
  payload: '1.0',
  simpleResponses: false,
  identitySources: [DEFAULT_SOURCE],
  ttlMs: DEFAULT_TTL_S * 1000,
}

function fromMap(
  reading: AuthorizerReading,
  node: MapNode,
  type: (typeof TYPES)[number] | undefined,
): Authorizer | undefined {
  const { manifest, owner } = reading
  const name = exactText(manifest, child(manifest, node, 'name'), 'the name of the authorizer')
  const arn = child(manifest, node, 'arn')
  if (arn !== undefined && (type === 'COGNITO_USER_POOLS' || isUserPool(arn))) {
    return ofUserPool(reading, node, arn)
  }
  if (type === 'COGNITO_USER_POOLS' || (arn === undefined && name === undefined)) {
    const what = type === 'COGNITO_USER_POOLS' ? 'the arn of its user pool' : 'a name or an arn'
    return expected(manifest, node, `${owner}: the authorizer to have ${what}`)
  }
  const functionName =
    arn === undefined ? functionByKey(reading, name ?? '', node.place) : functionByArn(reading, arn)
  refuseKeyOf(reading, node, 'scopes', 'of a user pool')
  return functionName === undefined
    ? undefined
    : withSettings(reading, node, { type, name: name ?? functionName, functionName })
}

function fromArn(
  reading: AuthorizerReading,
  node: Node,
  name: string | undefined,
): Authorizer | undefined {
  if (isUserPool(node)) return ofUserPool(reading, undefined, node)
  const functionName = functionByArn(reading, node)
  return functionName === undefined
    ? undefined
    : { ...TOKEN, name: name ?? functionName, functionName }
}

function withSettings(
  reading: AuthorizerReading,
  node: MapNode,
  { type, name, functionName }: { type: string | undefined; name: string; functionName: string },
): LambdaAuthorizer {
  const { manifest } = reading
  const form = type === 'REQUEST' ? 'request' : 'token'
  const ttlS = readTtlS(reading, node) ?? DEFAULT_TTL_S
  const sourceNode = child(manifest, node, 'identitySource')
  const given = readIdentitySources(reading, sourceNode)
  // Without one nothing is kept, and a function may go by anything (Serverless leaves it out, too).
  const isByNothing = given.length === 0 && form === 'request' && ttlS === 0
  const identitySources = given.length > 0 || isByNothing ? given : [DEFAULT_SOURCE]
  const isOneHeader =
    identitySources.length === 1 && /request\.header\./.test(identitySources[0] ?? '')
  if (form === 'token' && sourceNode !== undefined && !isOneHeader) {
    expected(manifest, sourceNode, 'identitySource of a TOKEN authorizer to be one header')
  }
  return {
    ...TOKEN,
    name,
    functionName,
    form,
    identitySources,
    ttlMs: ttlS * 1000,
    ...readValidation(reading, node),
  }
}

/** `identityValidationExpression`: a regular expression for the whole token. */
function readValidation(
  reading: AuthorizerReading,
  node: MapNode,
): Pick<LambdaAuthorizer, 'identityValidation'> {
  const { manifest } = reading
  const written = child(manifest, node, 'identityValidationExpression')
  const identityValidation = exactText(manifest, written, 'identityValidationExpression')
  if (written === undefined || identityValidation === undefined) return {}
  if (!isExpression(identityValidation)) {
    expected(manifest, written, 'identityValidationExpression to be a regular expression')
  }
  return { identityValidation }
}

function isExpression(text: string): boolean {
  try {
    return new RegExp(`^(?:${text})$`) instanceof RegExp
  } catch {
    return false
  }
}

function isUserPool(node: Node): boolean {
  return node.kind === 'scalar' && issuerOfUserPool(String(node.value)) !== undefined
}

function ofUserPool(
  reading: AuthorizerReading,
  node: MapNode | undefined,
  arn: Node,
): JwtAuthorizer | undefined {
  const { manifest, owner } = reading
  const issuer = arn.kind === 'scalar' ? issuerOfUserPool(String(arn.value)) : undefined
  if (issuer === undefined) {
    const example = 'arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abc'
    return expected(manifest, arn, `${owner}: the ARN of its user pool, written out (${example})`)
  }
  if (node !== undefined) {
    refuseKeyOf(reading, node, 'identityValidationExpression', 'of a function')
  }
  const scopes = items(manifest, child(manifest, node, 'scopes'), 'scopes')
  const sourceNode = child(manifest, node, 'identitySource')
  const [identitySource = DEFAULT_SOURCE, another] = readIdentitySources(reading, sourceNode)
  if (another !== undefined && sourceNode !== undefined) {
    expected(manifest, sourceNode, 'identitySource of a user pool to be one header')
  }
  return {
    kind: 'jwt',
    name: exactText(manifest, child(manifest, node, 'name'), 'name') ?? issuer,
    issuer,
    audiences: [],
    identitySource,
    scopes: scopes.map((scope) => exactText(manifest, scope, 'a scope') ?? ''),
  }
}

function refuseKeyOf(
  { manifest, owner }: AuthorizerReading,
  node: MapNode,
  name: string,
  whose: string,
): void {
  const entry = node.entries.get(name)
  if (entry === undefined) return
  const message = `${owner}: "${name}" is not supported here, only for an authorizer ${whose}`
  manifest.report.error(entry.place, message)
}
