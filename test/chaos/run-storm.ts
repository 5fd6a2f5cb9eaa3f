import { fork } from 'node:child_process'
import { join } from 'node:path'
import type { FaultName } from './faults.ts'
import type { Sizes, Storm, Verdict } from './storm.ts'

const PLANT = join(import.meta.dirname, 'plant.ts')

/** How a storm and its control went. */
export interface StormReport {
  readonly storm: Storm
  readonly verdict: Verdict
  readonly control: Verdict
  readonly seconds: number
  readonly ok: boolean
}

/** Runs a storm, then its control, each in a process of its own. */
export async function runStorm(storm: Storm, sizes: Sizes): Promise<StormReport> {
  const sinceMs = performance.now()
  const verdict = await inProcess(storm.module, sizes)
  const seconds = (performance.now() - sinceMs) / 1000
  const { fault, sizes: controlSizes, finds } = storm.control
  const control = await inProcess(storm.module, controlSizes, fault)
  const ok = Object.keys(verdict.failures).length === 0 && finds in control.failures
  return { storm, verdict, control, seconds, ok }
}

async function inProcess(module: string, sizes: Sizes, fault?: FaultName): Promise<Verdict> {
  const child = fork(
    join(import.meta.dirname, 'storm-process.ts'),
    [module, JSON.stringify(sizes)],
    {
      execArgv: ['--expose-gc', '--no-warnings', '--import', PLANT],
      env: {
        ...process.env,
        SPILLWAY_TEST: '1',
        ...(fault === undefined ? {} : { CHAOS_FAULT: fault }),
      },
    },
  )
  const { promise, resolve } = Promise.withResolvers<Verdict>()
  let verdict: (Verdict & { readonly planted: boolean }) | undefined
  child.on('message', (message) => (verdict = message as typeof verdict))
  child.on('close', (code, signal) => {
    if (verdict === undefined) {
      resolve({
        facts: {},
        failures: { server: `the process of the storm ended: ${code ?? signal}` },
      })
    } else if (verdict.planted) resolve(verdict)
    else resolve({ facts: verdict.facts, failures: { planted: `${fault} was not planted` } })
  })
  return await promise
}
