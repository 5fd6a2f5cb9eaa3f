import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { SERVICE_FOLDER } from './manifest.ts'

/** One way to share the slots: a file of `policies/`. */
export interface Policy {
  readonly name: string
  readonly title: string
  /** One sentence, for the report. */
  readonly summary: string
}

export const POLICIES: readonly Policy[] = [
  {
    name: 'aws',
    title: 'AWS: one shared pool',
    summary: 'Lambda’s own rules. Whoever finds the pool full is refused at once.',
  },
  {
    name: 'group-max',
    title: 'A maximum over the ETL',
    summary: 'The ETL gets 55 slots and not one more; the rest of it is refused and comes again.',
  },
  {
    name: 'priority',
    title: 'Priority and wait',
    summary: 'Nothing is set aside. Whoever finds the pool full waits, users first.',
  },
  {
    name: 'guarantee',
    title: 'A guarantee for the users',
    summary: '45 slots are the users’, whatever the ETL does. The ETL waits for the others.',
  },
  {
    name: 'headroom',
    title: 'Headroom',
    summary: 'The ETL takes what it finds and leaves the last 15 slots free.',
  },
]

/** The file of a policy. */
export function policyFile({ name }: Pick<Policy, 'name'>): string {
  return join(SERVICE_FOLDER, 'policies', `${name}.yml`)
}

/** The account's slots, as the policy has them at this size. */
export function accountMax(policy: Policy, size: number): number {
  const { account } = shrink(parse(readFileSync(policyFile(policy), 'utf8')), size) as {
    account: { maxConcurrency: number }
  }
  return account.maxConcurrency
}

/** Writes the policy with its slots multiplied by `size` into a folder, and says where. */
export function writeShrunk(policy: Policy, size: number, folder: string): string {
  const file = join(folder, `${policy.name}.yml`)
  // JSON is YAML.
  writeFileSync(
    file,
    JSON.stringify(shrink(parse(readFileSync(policyFile(policy), 'utf8')), size), undefined, 2),
  )
  return file
}

/** Every number in a policy is one of slots: waits are texts such as `2s`. */
function shrink(value: unknown, size: number): unknown {
  if (typeof value === 'number') return Math.round(value * size)
  if (Array.isArray(value)) return value.map((each) => shrink(each, size))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, shrink(each, size)]))
}
