import type { Route, Service } from './manifest.ts'
import { between, createRandom } from './random.ts'
import type { Scenario } from './scenario.ts'

export interface UserRequest {
  readonly atMs: number
  readonly route: Route
  /** How long the handler takes. */
  readonly ms: number
}

export interface Job {
  readonly id: number
  readonly atMs: number
  readonly functionName: string
  readonly ms: number
}

/** Poisson arrivals: each gap is drawn by itself, whatever became of the request before. */
export function userTraffic(scenario: Scenario, { users }: Service): UserRequest[] {
  const random = createRandom(scenario.seed)
  const routes = [...users.values()].slice(0, scenario.userFunctions).flat()
  const gapMs = 1000 / scenario.usersPerSecond
  let atMs = 0
  return Array.from({ length: scenario.userRequests }, () => {
    atMs -= Math.log(1 - random()) * gapMs
    const route = routes[Math.floor(random() * routes.length)]
    if (route === undefined) throw new Error('serverless.yml has no routes')
    return { atMs, route, ms: Math.round(between(random, scenario.userMs)) }
  })
}

export function burst(scenario: Scenario, { etl }: Service): Job[] {
  const random = createRandom(scenario.seed + 1)
  const [shortest, longest] = scenario.jobMs
  return Array.from({ length: scenario.jobs }, (_, id) => ({
    id,
    atMs: scenario.burstAtMs + (id / scenario.jobs) * scenario.burstMs,
    functionName: etl[id % etl.length] ?? '',
    ms: Math.round(shortest + random() ** 2 * (longest - shortest)),
  }))
}
