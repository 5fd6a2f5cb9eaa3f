import type { Client } from './client.ts'
import { readLimits } from './watch.ts'

/** Enough for all environments at once. */
const FACTOR = 10

interface Change {
  readonly scope: 'account' | 'group'
  readonly name: string
  readonly field: 'maxConcurrency'
  readonly value: number
}

/** Raises every maximum of a running server, and returns what puts them back. */
export async function liftLimits(admin: Client): Promise<() => Promise<void>> {
  const { config } = await readLimits(admin)
  const maxima: Change[] = [
    maximum('account', '', config.account.maxConcurrency),
    ...Object.entries(config.groups).flatMap(([name, { maxConcurrency }]) =>
      maxConcurrency === undefined ? [] : [maximum('group', name, maxConcurrency)],
    ),
  ]
  await change(
    admin,
    maxima.map((each) => ({ ...each, value: each.value * FACTOR })),
  )
  return async () => await change(admin, maxima)
}

function maximum(scope: Change['scope'], name: string, value: number): Change {
  return { scope, name, field: 'maxConcurrency', value }
}

async function change(admin: Client, changes: readonly Change[]): Promise<void> {
  const { status, body } = await admin.send('PATCH', '/api/limits', JSON.stringify({ changes }))
  if (status !== 200) throw new Error(`the limits could not be changed (${status}): ${body}`)
}
