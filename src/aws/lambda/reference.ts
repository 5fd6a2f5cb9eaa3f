import type { App, FunctionDefinition } from '../../model/app.ts'
import { functionArn, parseFunctionReference } from '../../model/arn.ts'
import {
  aliasNotFound,
  functionNotFound,
  invalidMember,
  invalidParameter,
  otherRegion,
} from './errors.ts'
import type { Call, LambdaContext } from './operation.ts'
import { isNumber, LATEST, type Alias, type Registry, type Version } from './registry.ts'

/** The function that a call is about. */
export interface Referred {
  readonly fn: FunctionDefinition
  /** With the qualifier that the caller gave, and only then. */
  readonly arn: string
  /** As the caller gave it. */
  readonly qualifier: string | undefined
  /** Absent for `$LATEST`. Of an alias, the version it leads to, its weights aside. */
  readonly version?: Version
  readonly alias?: Alias
}

/** A function as a call names it, whether there is one or not. */
export interface Named {
  readonly name: string
  readonly qualifier: string | undefined
}

const NAME_PATTERN = String.raw`Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?`

/**
 * Finds the function of a call, and the version or alias that it names.
 * @throws {LambdaError} where there is none. `assumed` is the qualifier that the operation's message
 *   names when the caller gave none: Invoke says `:$LATEST`, GetFunction nothing (recorded 2025-11).
 */
export function findFunction(
  call: Call,
  context: Pick<LambdaContext, 'app' | 'registry'>,
  assumed?: typeof LATEST,
): Referred {
  const { name, qualifier } = namedBy(call, context.app())
  const found = lookUp(context, name, qualifier)
  if (found !== undefined) return found
  throw functionNotFound(withQualifier(arnOf(context.app(), name), qualifier ?? assumed))
}

/**
 * The same for operations on versions and aliases, which name a missing alias as such, whether its
 * function is there or not (recorded 2025-11).
 * @throws {LambdaError}
 */
export function findQualified(
  name: string,
  qualifier: string,
  context: Pick<LambdaContext, 'app' | 'registry'>,
): Referred {
  const found = lookUp(context, name, qualifier)
  if (found !== undefined) return found
  const arn = withQualifier(arnOf(context.app(), name), qualifier)
  throw isNumber(qualifier) ? functionNotFound(arn) : aliasNotFound(arn)
}

function lookUp(
  { app, registry }: Pick<LambdaContext, 'app' | 'registry'>,
  name: string,
  qualifier: string | undefined,
): Referred | undefined {
  const fn = app().functions.find((each) => each.name === name)
  const target = fn === undefined ? undefined : qualify(registry, name, qualifier)
  if (fn === undefined || target === undefined) return undefined
  return { fn, arn: withQualifier(arnOf(app(), name), qualifier), qualifier, ...target }
}

function qualify(
  registry: Registry,
  functionName: string,
  qualifier: string = LATEST,
): Pick<Referred, 'version' | 'alias'> | undefined {
  if (qualifier === LATEST) return {}
  const numbered = (number: string): Version | undefined =>
    registry.versionsOf(functionName).find((each) => each.number === number)
  if (isNumber(qualifier)) {
    const version = numbered(qualifier)
    return version === undefined ? undefined : { version }
  }
  const alias = registry.alias(functionName, qualifier)
  if (alias === undefined) return undefined
  const version = numbered(alias.version)
  return version === undefined ? { alias } : { alias, version }
}

/**
 * Reads `FunctionName` and `Qualifier`.
 * @throws {LambdaError} where it is no name, of another region, or the two contradict each other.
 */
export function namedBy({ functionName, query }: Call, app: App): Named {
  const reference = parseFunctionReference(functionName)
  if (reference === undefined) throw invalidMember(functionName, 'functionName', NAME_PATTERN)
  const { name, region } = reference
  if (region !== undefined && region !== app.region) throw otherRegion(region, app.region)
  const asked = query.get('Qualifier') ?? undefined
  const qualifier = reference.qualifier ?? asked
  if (asked !== undefined && asked !== qualifier) {
    throw invalidParameter(
      'The derived qualifier from the function name does not match the specified qualifier.',
    )
  }
  return { name, qualifier }
}

export function arnOf({ region, accountId }: App, name: string): string {
  return functionArn(region, accountId, name)
}

/** `arn` itself where there is no qualifier. */
export function withQualifier(arn: string, qualifier: string | undefined): string {
  return qualifier === undefined ? arn : `${arn}:${qualifier}`
}
