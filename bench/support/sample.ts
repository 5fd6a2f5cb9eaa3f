import type { Generator, Load } from './load.ts'
import { machineCpuUs, memoryMb } from './proc.ts'
import type { RunningPeer } from './running-peer.ts'
import { ask, faultOf } from './workload.ts'

/** One burst of load on one peer, with what it cost. */
export interface Sample extends Load {
  /** CPU time of all the peer's processes, microseconds. */
  readonly cpuUsPerRequest: number
  /** Processes of the peer at the end, its first one included. */
  readonly processes: number
  /** Of all of them, after the load. */
  readonly memoryMb: number
  /** Cores that neither the peer nor the generator used, but somebody else on this machine. */
  readonly foreignCores: number
  /** Why it must not be counted; absent when it may. */
  readonly invalid?: string
}

/** Above this the generator's own limit shows in the figures. */
export const BUSIEST_GENERATOR = 0.8
/** Opens the connections and wakes what slept since the last round. */
const LEAD_IN_SECONDS = 1

/** Puts load on a peer and reads what came of it. */
export async function takeSample(
  running: RunningPeer,
  generator: Generator,
  { connections, seconds }: { readonly connections: number; readonly seconds: number },
): Promise<Sample> {
  await generator.run(running.port, connections, LEAD_IN_SECONDS)
  const before = { cpuUs: running.tree().cpuUs, machineUs: machineCpuUs(), ms: performance.now() }
  const load = await generator.run(running.port, connections, seconds)
  const elapsedUs = (performance.now() - before.ms) * 1000
  const tree = running.tree()
  const cpuUs = tree.cpuUs - before.cpuUs
  const foreignUs = machineCpuUs() - before.machineUs - cpuUs - load.generatorBusy * elapsedUs
  const invalid = faultOf(await ask(running.port)) ?? whyInvalid(load)
  return {
    ...load,
    cpuUsPerRequest: cpuUs / load.requests,
    processes: tree.pids.length,
    memoryMb: memoryMb(tree.pids),
    foreignCores: Math.max(0, foreignUs / elapsedUs),
    ...(invalid === undefined ? {} : { invalid }),
  }
}

/** Why figures of such a load must not be counted, or undefined. */
export function whyInvalid({ errors, requests, generatorBusy }: Load): string | undefined {
  if (errors > 0) return `${errors} of ${requests} requests failed`
  if (requests === 0) return 'nothing was answered'
  if (generatorBusy < BUSIEST_GENERATOR) return undefined
  const percent = Math.round(generatorBusy * 100)
  return `the load generator was ${percent} % busy and measured itself`
}
