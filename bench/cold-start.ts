import { parseArgs } from 'node:util'
import { describeMachine } from './support/machine.ts'
import { choosePeers, preparePeers, type Peer } from './support/peers.ts'
import { moveToGeneratorCore } from './support/proc.ts'
import { startPeer } from './support/running-peer.ts'
import { formatSummary, median, summarize } from './support/stats.ts'
import { formatTable } from './support/table.ts'
import { ask, faultOf } from './support/workload.ts'

/**
 * How long from the start of the process to the first right answer, and from a function's first call
 * to its answer? See README.md for the method. Everything in milliseconds.
 */

interface ColdStart {
  readonly firstAnswerMs: number
  /** First call of a function nobody has called yet, on a server that is up; absent where there is none. */
  readonly secondFunctionMs?: number
  readonly warmCallMs: number
}

interface Series {
  readonly peer: Peer
  readonly samples: ColdStart[]
}

/** Enough for the code on the way to be warm; the median of the second half counts. */
const WARM_CALLS = 40

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '9' },
      only: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  })
  const peers = choosePeers(values.only)
  preparePeers(peers)
  moveToGeneratorCore()
  const series = peers.map((peer): Series => ({ peer, samples: [] }))
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const { peer, samples } of round % 2 === 0 ? series : series.toReversed()) {
      const sample = await measure(peer)
      samples.push(sample)
      process.stderr.write(`round ${round + 1}, ${peer.name}: ${JSON.stringify(sample)}\n`)
    }
  }
  process.stdout.write(values.json ? toJson(series) : toText(series))
}

async function measure(peer: Peer): Promise<ColdStart> {
  const running = await startPeer(peer)
  try {
    const { firstAnswerMs } = running
    const { secondPath } = peer
    const second = secondPath === undefined ? undefined : await timeCall(running.port, secondPath)
    const calls: number[] = []
    for (let i = 0; i < WARM_CALLS; i++) calls.push(await timeCall(running.port))
    const warmCallMs = median(calls.slice(WARM_CALLS / 2))
    return {
      firstAnswerMs,
      warmCallMs,
      ...(second === undefined ? {} : { secondFunctionMs: second }),
    }
  } finally {
    await running.stop()
  }
}

/** One call on a connection of its own. @throws {Error} when the answer is not the right one. */
async function timeCall(port: number, path?: string): Promise<number> {
  const sinceMs = performance.now()
  const fault = faultOf(await ask(port, path))
  if (fault !== undefined) throw new Error(`${path ?? 'the warm call'} ${fault}`)
  return performance.now() - sinceMs
}

function toJson(series: readonly Series[]): string {
  const peers = series.map(({ peer, samples }) => ({ title: peer.title, samples }))
  return `${JSON.stringify({ machine: describeMachine(), peers }, undefined, 2)}\n`
}

function toText(series: readonly Series[]): string {
  const head = ['peer', 'start → first answer ms', 'first call of a function ms', 'warm call ms']
  const rows = series.map(({ peer, samples }) => [
    peer.title,
    formatSummary(summarize(samples.map((sample) => sample.firstAnswerMs))),
    formatSummary(summarize(samples.flatMap((sample) => sample.secondFunctionMs ?? []))),
    formatSummary(summarize(samples.map((sample) => sample.warmCallMs)), 2),
  ])
  const n = series[0]?.samples.length ?? 0
  return `${describeMachine()}; ${n} starts each, median (range)\n\n${formatTable(head, rows)}\n`
}

await main()
