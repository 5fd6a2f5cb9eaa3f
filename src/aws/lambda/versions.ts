import { jsonAnswer, type Answer } from '../answer.ts'
import { toConfiguration } from './configuration.ts'
import { invalidParameter, staleRevision } from './errors.ts'
import type { Call, LambdaContext, Operation } from './operation.ts'
import { pageOf } from './page.ts'
import { arnOf, findFunction, withQualifier, type Referred } from './reference.ts'
import { LATEST, type Version } from './registry.ts'
import { membersOf, optionalText } from './request-body.ts'

const PATH = '/2015-03-31/functions/{FunctionName}/versions'

export const versionOperations: readonly Operation[] = [
  { name: 'PublishVersion', method: 'POST', path: PATH, run: publish },
  { name: 'ListVersionsByFunction', method: 'GET', path: PATH, run: list },
]

async function publish(call: Call, context: LambdaContext): Promise<Answer> {
  const { fn } = unqualified(call, context)
  const members = await membersOf(call)
  if (optionalText(members, 'CodeSha256') !== undefined) {
    throw invalidParameter(
      'Spillway runs code from a folder and knows no hash of it. Publish without CodeSha256.',
    )
  }
  // Functions have no revision here, so that none can be the latest.
  if (optionalText(members, 'RevisionId') !== undefined) throw staleRevision()
  const description = optionalText(members, 'Description') ?? fn.description
  const version = context.registry.publish(fn, description)
  return jsonAnswer(201, configurationOf(context, fn, version))
}

/** `$LATEST` first, then in order of publication. */
function list(call: Call, context: LambdaContext): Answer {
  const { fn } = unqualified(call, context)
  const all = [undefined, ...context.registry.versionsOf(fn.name)]
  const { items, nextMarker } = pageOf(call.query, all, keyOf)
  return jsonAnswer(200, {
    Versions: items.map((version) => configurationOf(context, fn, version)),
    ...(nextMarker === undefined ? {} : { NextMarker: nextMarker }),
  })
}

function configurationOf(
  { app }: LambdaContext,
  fn: Referred['fn'],
  version: Version | undefined,
): Record<string, unknown> {
  const arn = withQualifier(arnOf(app(), fn.name), version?.number ?? LATEST)
  return toConfiguration(fn, arn, version)
}

/** Sorts as the numbers do. */
function keyOf(version: Version | undefined): string {
  return (version?.number ?? '0').padStart(9, '0')
}

function unqualified(call: Call, context: LambdaContext): Referred {
  const referred = findFunction(call, context)
  if (referred.qualifier === undefined) return referred
  throw invalidParameter('Versions are of a function: name it without a qualifier.')
}
