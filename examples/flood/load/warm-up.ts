import { setTimeout as after } from 'node:timers/promises'
import type { Client } from './client.ts'
import { liftLimits } from './lift-limits.ts'
import type { Service } from './manifest.ts'
import type { Scenario } from './scenario.ts'
import type { Running } from './server.ts'
import { readLimits } from './watch.ts'

/** A call has to last until the environments of the others have started. */
const HOLD_MS = 300
const HOLD_EACH_MS = 100
const LOOK_EVERY_MS = 50
const ROUNDS_MAX = 10

/**
 * Has every function started as often as it will be needed at once: a cold start takes CPU, and 250
 * of them in the middle of a run would be what it measures.
 * @throws {Error} when they do not come.
 */
export async function warmUp(
  running: Running,
  { scenario, service }: { readonly scenario: Scenario; readonly service: Service },
): Promise<void> {
  const restore = await liftLimits(running.admin)
  const users = [...service.users].slice(0, scenario.userFunctions)
  const calls: Promise<unknown>[] = []
  for (const [name, [route]] of users) {
    const call = (ms: number): Promise<unknown> =>
      running.api.send('GET', `${route?.path ?? ''}?ms=${ms}`)
    calls.push((await warm(running.admin, { name, count: scenario.warm.user, call })).calls)
  }
  for (const name of service.etl) {
    const path = `/2015-03-31/functions/${name}/invocations`
    const call = (ms: number): Promise<unknown> =>
      running.aws.send('POST', path, JSON.stringify({ ms }))
    calls.push((await warm(running.admin, { name, count: scenario.warm.etl, call })).calls)
  }
  await Promise.all(calls)
  await restore()
}

interface Wanted {
  readonly name: string
  /** Environments; and calls at once, as those that are there take the first ones. */
  readonly count: number
  readonly call: (ms: number) => Promise<unknown>
}

/** Resolves when the environments are there; the calls end later. */
async function warm(
  admin: Client,
  { name, count, call }: Wanted,
): Promise<{ readonly calls: Promise<unknown> }> {
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const over = new AbortController()
    const calls = Promise.all(
      Array.from({ length: count }, () => call(HOLD_MS + HOLD_EACH_MS * count)),
    ).finally(() => over.abort())
    while (!over.signal.aborted) {
      const { gate } = await readLimits(admin)
      const slots = gate.functions.find((each) => each.name === name)?.slots ?? 0
      if (slots >= count) return { calls }
      await after(LOOK_EVERY_MS)
    }
  }
  throw new Error(`${name} did not come to ${count} environments`)
}
