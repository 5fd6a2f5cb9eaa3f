import { jsonAnswer, type Answer } from '../answer.ts'
import { checkWeights, readWeights } from './alias-weights.ts'
import { aliasNotFound, conflict, invalidMember, notFound, staleRevision } from './errors.ts'
import type { Call, LambdaContext, Operation } from './operation.ts'
import { pageOf } from './page.ts'
import { alreadyProvisioned, forgetProvisioned } from './provisioned.ts'
import { provisionedHere } from './provisioned-status.ts'
import { arnOf, findFunction, findQualified, namedBy, withQualifier } from './reference.ts'
import { isNumber, LATEST, type Alias } from './registry.ts'
import { membersOf, optionalText, requiredText } from './request-body.ts'

const ALL = '/2015-03-31/functions/{FunctionName}/aliases'
const ONE = '/2015-03-31/functions/{FunctionName}/aliases/{Name}'

export const aliasOperations: readonly Operation[] = [
  { name: 'CreateAlias', method: 'POST', path: ALL, run: create },
  { name: 'ListAliases', method: 'GET', path: ALL, run: list },
  { name: 'GetAlias', method: 'GET', path: ONE, run: get },
  { name: 'UpdateAlias', method: 'PUT', path: ONE, run: update },
  { name: 'DeleteAlias', method: 'DELETE', path: ONE, run: remove },
]

const NAME_RULE = 'Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)'
const NAME = /^(?![0-9]+$)[a-zA-Z0-9-_]+$/
const VERSION_RULE = String.raw`Member must satisfy regular expression pattern: (\$LATEST(\.PUBLISHED)?|[0-9]+)`

async function create(call: Call, context: LambdaContext): Promise<Answer> {
  const members = await membersOf(call)
  const name = requiredText(members, 'Name')
  if (!NAME.test(name)) throw invalidMember(name, 'name', NAME_RULE)
  const version = versionIn(requiredText(members, 'FunctionVersion'))
  const given = readWeights(members)
  const functionName = namedBy(call, context.app()).name
  checkVersions(context, functionName, version, given)
  if (context.registry.alias(functionName, name) !== undefined) {
    throw conflict(`Alias already exists: ${aliasArn(context, functionName, name)}`)
  }
  const description = optionalText(members, 'Description') ?? ''
  const alias = { name, version, description, weights: given ?? {} }
  return answerOf(201, context, functionName, context.registry.putAlias(functionName, alias))
}

function get(call: Call, context: LambdaContext): Answer {
  const functionName = namedBy(call, context.app()).name
  const alias = knownAlias(context, functionName, call.aliasName)
  if (alias === undefined) throw aliasNotFound(aliasArn(context, functionName, call.aliasName))
  return answerOf(200, context, functionName, alias)
}

/** What is not given stays. */
async function update(call: Call, context: LambdaContext): Promise<Answer> {
  const members = await membersOf(call)
  const functionName = namedBy(call, context.app()).name
  const old = knownAlias(context, functionName, call.aliasName)
  if (old === undefined) {
    throw notFound(`Alias not found: ${aliasArn(context, functionName, call.aliasName)}`)
  }
  const revisionId = optionalText(members, 'RevisionId')
  if (revisionId !== undefined && revisionId !== old.revisionId) throw staleRevision()
  const version = versionIn(optionalText(members, 'FunctionVersion') ?? old.version)
  const weights = readWeights(members) ?? old.weights
  checkVersions(context, functionName, version, weights)
  checkProvisionedTarget(context, functionName, old.name, version)
  const description = optionalText(members, 'Description') ?? old.description
  const alias = { name: old.name, version, description, weights }
  return answerOf(200, context, functionName, context.registry.putAlias(functionName, alias))
}

/** What is not there is gone already. With the alias goes what it had provisioned. */
function remove(call: Call, context: LambdaContext): Answer {
  const { fn } = findFunction(call, context)
  forgetProvisioned(context, fn.name, call.aliasName)
  context.registry.deleteAlias(fn.name, call.aliasName)
  return { status: 204 }
}

function list(call: Call, context: LambdaContext): Answer {
  const { fn } = findFunction(call, context)
  const version = call.query.get('FunctionVersion')
  const all = context.registry
    .aliasesOf(fn.name)
    .filter((alias) => version === null || leadsTo(alias, version))
  const { items, nextMarker } = pageOf(call.query, all, ({ name }) => name)
  return jsonAnswer(200, {
    Aliases: items.map((alias) => toMembers(context, fn.name, alias)),
    ...(nextMarker === undefined ? {} : { NextMarker: nextMarker }),
  })
}

function leadsTo({ version, weights }: Alias, wanted: string): boolean {
  return version === wanted || Object.hasOwn(weights, wanted)
}

function versionIn(text: string): string {
  if (text === LATEST || isNumber(text)) return text
  throw invalidMember(text, 'functionVersion', VERSION_RULE)
}

/** Aliases stay when their function goes in a reload, for it may come back. */
function knownAlias(
  { app, registry }: LambdaContext,
  name: string,
  alias: string,
): Alias | undefined {
  return app().functions.some((fn) => fn.name === name) ? registry.alias(name, alias) : undefined
}

/** The versions must be there; two of them must be published, and differ. */
function checkVersions(
  context: LambdaContext,
  functionName: string,
  version: string,
  weights: Alias['weights'] = {},
): void {
  checkWeights(version, weights)
  for (const each of [version, ...Object.keys(weights)]) findQualified(functionName, each, context)
}

function checkProvisionedTarget(
  context: LambdaContext,
  functionName: string,
  alias: string,
  version: string,
): void {
  const has = (qualifier: string): boolean =>
    provisionedHere(context, functionName, qualifier) !== undefined
  if (has(alias) && has(version)) throw alreadyProvisioned()
}

function answerOf(
  status: number,
  context: LambdaContext,
  functionName: string,
  alias: Alias,
): Answer {
  return jsonAnswer(status, toMembers(context, functionName, alias))
}

/** Without `RoutingConfig` where all goes to one version, or Terraform would see a difference. */
function toMembers(
  context: LambdaContext,
  functionName: string,
  { name, version, description, revisionId, weights }: Alias,
): Record<string, unknown> {
  return {
    AliasArn: aliasArn(context, functionName, name),
    Name: name,
    FunctionVersion: version,
    Description: description,
    ...(Object.keys(weights).length === 0
      ? {}
      : { RoutingConfig: { AdditionalVersionWeights: weights } }),
    RevisionId: revisionId,
  }
}

function aliasArn({ app }: LambdaContext, functionName: string, name: string): string {
  return withQualifier(arnOf(app(), functionName), name)
}
