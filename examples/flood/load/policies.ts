import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { SERVICE_FOLDER } from './manifest.ts'

/** One way to share the slots: a file of `policies/`. */
export interface Policy {
  readonly name: string
  readonly title: string
  /** What the file says about itself. */
  readonly summary: string
  /** The account's slots. */
  readonly slots: number
  /** The `spillway.yml`. */
  readonly text: string
  /** How the ETL comes: by synchronous calls, or through a queue. */
  readonly through: 'calls' | 'queue'
}

const TITLES = {
  aws: 'AWS: one shared pool',
  'group-max': 'A maximum over the ETL',
  priority: 'Priority and wait',
  guarantee: 'A guarantee for the users',
  headroom: 'Headroom',
  queue: 'The ETL through a queue',
}

export const POLICY_NAMES: readonly string[] = Object.keys(TITLES)

/**
 * Reads a policy, its slots multiplied by `size`.
 * @throws {Error} naming those that there are.
 */
export function readPolicy(name: string, size: number): Policy {
  const title = Object.entries(TITLES).find(([each]) => each === name)?.[1]
  if (title === undefined) {
    throw new Error(`no policy is named "${name}"; there are: ${POLICY_NAMES.join(', ')}`)
  }
  const file = join(SERVICE_FOLDER, 'policies', `${name}.yml`)
  const [comment = '', ...lines] = readFileSync(file, 'utf8').trim().split('\n')
  const text = shrink(lines.join('\n'), size)
  const { account } = parse(text) as { account: { maxConcurrency: number } }
  const summary = comment.replace('# ', '')
  const through = name === 'queue' ? 'queue' : 'calls'
  return { name, title, summary, slots: account.maxConcurrency, text, through }
}

/** Every bare number is one of slots; waits have a unit. */
function shrink(text: string, size: number): string {
  return text.replaceAll(/(?<=: )\d+\b/g, (count) => String(Math.round(Number(count) * size)))
}
