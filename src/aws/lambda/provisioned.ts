import { provisionedOf } from '../../model/arithmetic.ts'
import { jsonAnswer, type Answer } from '../answer.ts'
import { changeLimits } from './change.ts'
import {
  conflict,
  invalidMember,
  invalidParameter,
  LambdaError,
  noProvisionedConfig,
} from './errors.ts'
import type { Call, LambdaContext, Operation } from './operation.ts'
import { pageOf } from './page.ts'
import { checkProvisioned } from './provisioned-check.ts'
import { provisionedStatus, provisionedHere } from './provisioned-status.ts'
import { arnOf, findFunction, findQualified, namedBy, withQualifier } from './reference.ts'
import type { Referred } from './reference.ts'
import { LATEST } from './registry.ts'
import { membersOf, requiredCount } from './request-body.ts'

const PATH = '/2019-09-30/functions/{FunctionName}/provisioned-concurrency'

export const provisionedOperations: readonly Operation[] = [
  { name: 'PutProvisionedConcurrencyConfig', method: 'PUT', path: PATH, run: put },
  { name: 'DeleteProvisionedConcurrencyConfig', method: 'DELETE', path: PATH, run: remove },
  {
    name: 'ListProvisionedConcurrencyConfigs',
    method: 'GET',
    path: PATH,
    query: 'List',
    run: list,
  },
  { name: 'GetProvisionedConcurrencyConfig', method: 'GET', path: PATH, run: get },
]

const UNPUBLISHED =
  'Provisioned Concurrency Configs cannot be applied to unpublished function versions.'
const NOT_QUALIFIED = 'The function resource provided must be an alias or a published version.'

async function put(call: Call, context: LambdaContext): Promise<Answer> {
  const members = await membersOf(call)
  const count = requiredCount(members, 'ProvisionedConcurrentExecutions', { min: 1 })
  const referred = find(call, context, UNPUBLISHED)
  if (referred.version === undefined) throw invalidParameter(UNPUBLISHED)
  checkShared(referred, context)
  const { name } = referred.fn
  const config = context.limits.current()
  const limits = config.functions[name]
  const others = limits === undefined ? 0 : provisionedOf(limits)
  const own = provisionedHere(context, name, referred.qualifier) ?? 0
  checkProvisioned(config, name, others - own + count)
  change(context, name, referred.qualifier, count)
  context.registry.setProvisioned(name, referred.qualifier)
  // Always so, however warm the function is already: clients go on to ask.
  return jsonAnswer(202, {
    ...provisionedStatus(context, name, referred.qualifier, count),
    AvailableProvisionedConcurrentExecutions: 0,
    AllocatedProvisionedConcurrentExecutions: 0,
    Status: 'IN_PROGRESS',
    StatusReason: undefined,
  })
}

function get(call: Call, context: LambdaContext): Answer {
  const { fn, qualifier } = find(call, context, NOT_QUALIFIED)
  const count = provisionedHere(context, fn.name, qualifier)
  if (count === undefined) throw noProvisionedConfig()
  return jsonAnswer(200, provisionedStatus(context, fn.name, qualifier, count))
}

/** What is not there is gone already. */
function remove(call: Call, context: LambdaContext): Answer {
  const { fn, qualifier } = find(call, context, NOT_QUALIFIED)
  if (provisionedHere(context, fn.name, qualifier) !== undefined) {
    change(context, fn.name, qualifier, null)
  }
  return { status: 204 }
}

function list(call: Call, context: LambdaContext): Answer {
  const { fn, qualifier: given } = findFunction(call, context)
  if (given !== undefined) {
    throw invalidParameter('ListProvisionedConcurrencyConfigs takes a function without a qualifier')
  }
  const versions = Object.entries(context.limits.current().functions[fn.name]?.versions ?? {})
  const sorted = versions.sort(([a], [b]) => (a < b ? -1 : 1))
  const { items, nextMarker } = pageOf(call.query, sorted, ([qualifier]) => qualifier)
  return jsonAnswer(200, {
    ProvisionedConcurrencyConfigs: items.map(([qualifier, { provisionedConcurrency }]) => ({
      FunctionArn: withQualifier(arnOf(context.app(), fn.name), qualifier),
      ...provisionedStatus(context, fn.name, qualifier, provisionedConcurrency),
    })),
    ...(nextMarker === undefined ? {} : { NextMarker: nextMarker }),
  })
}

/** Forgets what an alias had provisioned, when it goes. */
export function forgetProvisioned(context: LambdaContext, name: string, alias: string): void {
  if (provisionedHere(context, name, alias) !== undefined) change(context, name, alias, null)
}

/** The version or alias of a call; `$LATEST` is refused in the operation's own words. */
function find(
  call: Call,
  context: LambdaContext,
  refusal: string,
): Referred & { readonly qualifier: string } {
  const { name, qualifier } = namedBy(call, context.app())
  if (qualifier === undefined) throw invalidMember(null, 'qualifier', 'Member must not be null')
  if (qualifier === LATEST) throw invalidParameter(refusal)
  return { ...findQualified(name, qualifier, context), qualifier }
}

/** A version and its alias have one between them (recorded 2025-11). */
function checkShared({ fn, alias, version }: Referred, context: LambdaContext): void {
  if (version === undefined) return
  const has = (qualifier: string): boolean =>
    provisionedHere(context, fn.name, qualifier) !== undefined
  if (alias !== undefined && has(version.number)) throw alreadyProvisioned()
  if (alias !== undefined) return
  const aliases = context.registry.aliasesOf(fn.name)
  if (aliases.some((each) => each.version === version.number && has(each.name))) {
    throw conflict('Version is pointed by a Provisioned Concurrency alias')
  }
}

/** For an alias that leads to a version which has its own. */
export function alreadyProvisioned(): LambdaError {
  return conflict(
    "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version",
  )
}

function change(
  context: LambdaContext,
  functionName: string,
  qualifier: string,
  value: number | null,
): void {
  const name = `${functionName}:${qualifier}`
  changeLimits(context, [{ scope: 'version', name, field: 'provisionedConcurrency', value }])
}
