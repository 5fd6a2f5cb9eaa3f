import type { App, FunctionDefinition } from '../../model/app.ts'
import { functionArn, parseFunctionReference } from '../../model/arn.ts'
import { functionNotFound, invalidMember, invalidParameter, otherRegion } from './errors.ts'
import type { Call } from './operation.ts'

/** The function that a call is about. */
export interface Referred {
  readonly fn: FunctionDefinition
  /** With the qualifier that the caller gave, and only then. */
  readonly arn: string
}

/** A function as a call names it, whether there is one or not. */
export interface Named {
  readonly name: string
  readonly qualifier: string | undefined
}

const NAME_PATTERN = String.raw`Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?`

/** The only version there is until versions are published. */
const LATEST = '$LATEST'

/**
 * Finds the function of a call.
 * @throws {LambdaError} where there is none. `assumed` is the qualifier that the operation's message
 *   names when the caller gave none: Invoke says `:$LATEST`, GetFunction nothing (recorded 2025-11).
 */
export function findFunction(call: Call, app: App, assumed?: typeof LATEST): Referred {
  const { name, qualifier } = namedBy(call, app)
  const arn = functionArn(app.region, app.accountId, name)
  const fn = app.functions.find((each) => each.name === name)
  if (fn === undefined || (qualifier !== undefined && qualifier !== LATEST)) {
    throw functionNotFound(withQualifier(arn, qualifier ?? assumed))
  }
  return { fn, arn: withQualifier(arn, qualifier) }
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

function withQualifier(arn: string, qualifier: string | undefined): string {
  return qualifier === undefined ? arn : `${arn}:${qualifier}`
}
