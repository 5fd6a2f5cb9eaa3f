import { randomUUID } from 'node:crypto'
import type { Clock } from '../../lib/clock.ts'
import type { FunctionDefinition } from '../../model/app.ts'

/** The version there is without publishing. */
export const LATEST = '$LATEST'

/** A published version: a number for what its function runs. */
export interface Version {
  /** `1`, `2`, … */
  readonly number: string
  readonly description: string
  /** Milliseconds since 1970. */
  readonly publishedMs: number
}

/** A name for a version, or for two that share what comes. */
export interface Alias {
  readonly name: string
  /** A published version, or `$LATEST`. */
  readonly version: string
  readonly description: string
  /** Changes with every update. */
  readonly revisionId: string
  /** The part of the invocations that another version gets, by its number. */
  readonly weights: Readonly<Record<string, number>>
}

/**
 * The versions and aliases of all functions, by deployed name. They are names and no copies: whatever
 * the qualifier, the code runs that is there now. Kept in memory, through reloads.
 */
export interface Registry {
  /** In order of publication. */
  versionsOf(functionName: string): readonly Version[]
  /**
   * A new version, or the last one where nothing was loaded since. A reload counts as a change of
   * every function: what it reads cannot be known.
   */
  publish(fn: FunctionDefinition, description: string): Version
  alias(functionName: string, name: string): Alias | undefined
  /** In order of name. */
  aliasesOf(functionName: string): readonly Alias[]
  /** Makes or replaces an alias, under a new revision. */
  putAlias(functionName: string, alias: Omit<Alias, 'revisionId'>): Alias
  deleteAlias(functionName: string, name: string): void
  /** When provisioned concurrency was last put there; since the start where it was configured. */
  provisionedMs(functionName: string, qualifier: string): number
  setProvisioned(functionName: string, qualifier: string): void
}

interface Known {
  readonly versions: Version[]
  readonly aliases: Map<string, Alias>
  readonly provisionedMs: Map<string, number>
  /** What the last version was published of. */
  published: FunctionDefinition | undefined
}

export function createRegistry(clock: Clock): Registry {
  const all = new Map<string, Known>()
  const startedMs = clock.wallMs()

  const of = (functionName: string): Known => {
    let known = all.get(functionName)
    if (known === undefined) {
      known = { versions: [], aliases: new Map(), provisionedMs: new Map(), published: undefined }
      all.set(functionName, known)
    }
    return known
  }

  return {
    versionsOf: (functionName) => all.get(functionName)?.versions ?? [],
    publish(fn, description) {
      const known = of(fn.name)
      const last = known.versions.at(-1)
      if (last !== undefined && known.published === fn) return last
      const number = String(known.versions.length + 1)
      const version = { number, description, publishedMs: clock.wallMs() }
      known.versions.push(version)
      known.published = fn
      return version
    },
    alias: (functionName, name) => all.get(functionName)?.aliases.get(name),
    aliasesOf: (functionName) =>
      [...(all.get(functionName)?.aliases.values() ?? [])].sort((a, b) =>
        a.name < b.name ? -1 : 1,
      ),
    putAlias(functionName, given) {
      const alias = { ...given, revisionId: randomUUID() }
      of(functionName).aliases.set(alias.name, alias)
      return alias
    },
    deleteAlias(functionName, name) {
      all.get(functionName)?.aliases.delete(name)
    },
    provisionedMs: (functionName, qualifier) =>
      all.get(functionName)?.provisionedMs.get(qualifier) ?? startedMs,
    setProvisioned(functionName, qualifier) {
      of(functionName).provisionedMs.set(qualifier, clock.wallMs())
    },
  }
}

/** A qualifier of digits alone is a version's number; an alias cannot be named so. */
export function isNumber(qualifier: string): boolean {
  return /^[0-9]+$/.test(qualifier)
}
