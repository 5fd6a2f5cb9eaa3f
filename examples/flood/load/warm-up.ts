import type { Client } from './client.ts'
import type { Service } from './manifest.ts'
import type { Scenario } from './scenario.ts'
import type { Running } from './server.ts'
import { readFunctions } from './watch.ts'

/** Of the account's slots, so that no policy refuses a warm-up. */
const SHARE = 0.7
const ROUNDS_MAX = 10
/** A call has to last until the environments of the others have started. */
const HOLD_MS = 400
const HOLD_EACH_MS = 40

/**
 * Has every function started as often as it will be needed at once: a cold start takes CPU, and 250
 * of them in the middle of a run would be what it measures.
 * @throws {Error} when they do not come.
 */
export async function warmUp(
  { api, aws, admin }: Running,
  { scenario, service, slots }: { scenario: Scenario; service: Service; slots: number },
): Promise<void> {
  const users = [...service.users.keys()].slice(0, scenario.userFunctions)
  const wanted = [
    ...users.map((name) => ({ name, count: scenario.warm.user })),
    ...service.etl.map((name) => ({ name, count: scenario.warm.etl })),
  ]
  const batch = Math.floor(slots * SHARE)
  const holdMs = HOLD_MS + HOLD_EACH_MS * batch
  const call = (name: string): Promise<unknown> => {
    const [route] = service.users.get(name) ?? []
    return route === undefined ? invoke(aws, name, holdMs) : get(api, route.path, holdMs)
  }
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const calls = await missing(admin, wanted)
    if (calls.length === 0) return
    for (let at = 0; at < calls.length; at += batch) {
      await Promise.all(calls.slice(at, at + batch).map(call))
    }
  }
  const names = new Set(await missing(admin, wanted))
  if (names.size > 0) throw new Error(`too few environments came up for ${[...names].join(', ')}`)
}

interface Wanted {
  readonly name: string
  readonly count: number
}

/**
 * Functions that have too few environments: each as often as it must be called at once. All of its
 * calls, not the difference: those that are there take the first ones.
 */
async function missing(admin: Client, wanted: readonly Wanted[]): Promise<string[]> {
  const functions = await readFunctions(admin)
  const slots = new Map(functions.map((each) => [each.name, each.slots]))
  return wanted.flatMap(({ name, count }) =>
    (slots.get(name) ?? 0) >= count ? [] : Array.from({ length: count }, () => name),
  )
}

async function invoke(aws: Client, name: string, ms: number): Promise<void> {
  await aws.send('POST', `/2015-03-31/functions/${name}/invocations`, JSON.stringify({ ms }))
}

async function get(api: Client, path: string, ms: number): Promise<void> {
  await api.send('GET', `${path}?ms=${ms}`)
}
