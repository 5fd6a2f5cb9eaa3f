import { versionFor } from './alias-weights.ts'
import type { LambdaContext } from './operation.ts'
import { provisionedHere } from './provisioned-status.ts'
import type { Referred } from './reference.ts'
import { LATEST } from './registry.ts'

/** What an invocation runs as. */
export interface Executed {
  /** `$LATEST`, or the number of a version: `X-Amz-Executed-Version`. */
  readonly version: string
  /** The version or alias whose provisioned concurrency it may use; undefined where there is none. */
  readonly provisioned: string | undefined
}

/**
 * Resolves the qualifier of an invocation. A version and its aliases share what one of them has
 * provisioned, as on AWS; through a weighted alias the alias' own counts for both versions.
 */
export function executedBy({ fn, alias, version }: Referred, context: LambdaContext): Executed {
  const has = (qualifier: string): boolean =>
    provisionedHere(context, fn.name, qualifier) !== undefined
  if (alias !== undefined) {
    const executed = versionFor(alias, (context.random ?? Math.random)())
    return { version: executed, provisioned: [alias.name, executed].find(has) }
  }
  if (version === undefined) return { version: LATEST, provisioned: undefined }
  const aliases = context.registry
    .aliasesOf(fn.name)
    .filter((each) => each.version === version.number)
    .map(({ name }) => name)
  return { version: version.number, provisioned: [version.number, ...aliases].find(has) }
}
