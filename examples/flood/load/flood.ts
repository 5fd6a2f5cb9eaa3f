import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { machineCpuUs } from '../../../bench/support/proc.ts'
import { driveJobs, type JobResult } from './etl.ts'
import { queueJobs } from './queue.ts'
import { readService, type Service } from './manifest.ts'
import type { Policy } from './policies.ts'
import type { Scenario } from './scenario.ts'
import { startServer, type Running } from './server.ts'
import { burst, userTraffic } from './traffic.ts'
import { driveUsers, type UserResult } from './users.ts'
import { warmUp } from './warm-up.ts'
import { watch, type Sample } from './watch.ts'

/** All that was seen of one run. Times are milliseconds since the users began to come. */
export interface Run {
  readonly users: readonly UserResult[]
  readonly jobs: readonly JobResult[]
  readonly samples: readonly Sample[]
  /** The load generator's share of a core; above 0.8 it measured itself. */
  readonly generatorBusy: number
  /** Cores of the machine that were busy, with whatever else. */
  readonly machineBusy: number
}

/** Who comes: both, or one of them alone, which the other runs are compared with. */
export type Load = 'both' | 'users' | 'etl'

/** Starts a server with a policy, warms it up, and has each of the loads come one after another. */
export async function flood(
  policy: Policy,
  loads: readonly Load[],
  { scenario, folder }: { readonly scenario: Scenario; readonly folder: string },
): Promise<Run[]> {
  const service = readService()
  const file = join(folder, `${policy.name}.yml`)
  writeFileSync(file, policy.text)
  const server = await startServer(file, join(folder, policy.name))
  try {
    await warmUp(server, { scenario, service })
    const runs: Run[] = []
    for (const load of loads)
      runs.push(await drive(server, { load, policy }, { scenario, service }))
    return runs
  } finally {
    await server.stop()
  }
}

async function drive(
  { api, aws, admin }: Running,
  { load, policy }: { readonly load: Load; readonly policy: Policy },
  { scenario, service }: { readonly scenario: Scenario; readonly service: Service },
): Promise<Run> {
  const driveEtl = policy.through === 'queue' ? queueJobs : driveJobs
  const requests = load === 'etl' ? [] : userTraffic(scenario, service)
  const jobs = load === 'users' ? [] : burst(scenario, service)
  const over = new AbortController()
  const before = { own: process.cpuUsage(), machineUs: machineCpuUs() }
  const startMs = performance.now()
  const watching = watch(admin, service, {
    startMs,
    everyMs: scenario.sampleMs,
    signal: over.signal,
  })
  const [users, done] = await Promise.all([
    driveUsers(api, requests, startMs),
    driveEtl(aws, jobs, { scenario, startMs }),
  ])
  const elapsedUs = (performance.now() - startMs) * 1000
  const { user, system } = process.cpuUsage(before.own)
  const machineUs = machineCpuUs() - before.machineUs
  over.abort()
  return {
    users,
    jobs: done,
    samples: await watching,
    generatorBusy: (user + system) / elapsedUs,
    machineBusy: machineUs / elapsedUs,
  }
}
