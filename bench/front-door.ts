import { parseArgs } from 'node:util'
import { findGenerator } from './support/load.ts'
import { choosePeers, preparePeers } from './support/peers.ts'
import { moveToGeneratorCore } from './support/proc.ts'
import { startPeer, type RunningPeer } from './support/running-peer.ts'
import { describeSeries, isInvalid, warnings, type Series } from './support/report.ts'
import { describeMachine } from './support/machine.ts'
import { takeSample, type Sample } from './support/sample.ts'

/**
 * What does a request cost through each front door? See README.md for the method, and for how far to
 * trust the figures. Exit code 1 when a sample had to be thrown away.
 */

interface Plan {
  readonly rounds: number
  readonly seconds: number
  readonly connections: readonly number[]
  readonly only: string | undefined
  readonly json: boolean
}

async function main(plan: Plan): Promise<number> {
  const peers = choosePeers(plan.only)
  const generator = findGenerator()
  preparePeers(peers)
  moveToGeneratorCore()
  const running: RunningPeer[] = []
  try {
    for (const peer of peers) {
      say(`${peer.title}: starts, then ${peer.warmUpSeconds} s of load to warm up`)
      const started = await startPeer(peer)
      running.push(started)
      await generator.run(started.port, Math.max(...plan.connections), peer.warmUpSeconds)
    }
    const series = await alternate(running, plan)
    report(series, plan, generator.name)
    return series.some(({ samples }) => samples.some(isInvalid)) ? 1 : 0
  } finally {
    for (const each of running) await each.stop()
  }
}

/** Every peer once a round, next to each other in time, and in the other order every second round. */
async function alternate(running: readonly RunningPeer[], plan: Plan): Promise<readonly Series[]> {
  const generator = findGenerator()
  const series = plan.connections.flatMap((connections) =>
    running.map(({ peer }) => ({ title: peer.title, connections, samples: [] as Sample[] })),
  )
  for (let round = 0; round < plan.rounds; round++) {
    for (const connections of plan.connections) {
      for (const each of round % 2 === 0 ? running : running.toReversed()) {
        const sample = await takeSample(each, generator, { connections, seconds: plan.seconds })
        const own = series.find((s) => s.title === each.peer.title && s.connections === connections)
        own?.samples.push(sample)
        say(describe(each, { round, connections, sample }))
      }
    }
  }
  return series
}

function describe(
  { peer }: RunningPeer,
  {
    round,
    connections,
    sample,
  }: { readonly round: number; readonly connections: number; readonly sample: Sample },
): string {
  const { requestsPerSecond, cpuUsPerRequest, generatorBusy, foreignCores, invalid } = sample
  const figures = [
    `${Math.round(requestsPerSecond)} req/s`,
    `${cpuUsPerRequest.toFixed(1)} µs CPU`,
    `generator ${Math.round(generatorBusy * 100)} % busy`,
    `others ${foreignCores.toFixed(2)} cores`,
  ]
  const verdict = invalid === undefined ? '' : `  VOID: ${invalid}`
  return `round ${round + 1}, ${connections} connections, ${peer.name}: ${figures.join(', ')}${verdict}`
}

function report(series: readonly Series[], plan: Plan, generator: string): void {
  const machine = describeMachine()
  if (plan.json) {
    const facts = { machine, generator, seconds: plan.seconds }
    process.stdout.write(`${JSON.stringify({ ...facts, series }, undefined, 2)}\n`)
    return
  }
  const { rounds, seconds } = plan
  const lines = [`${machine}, ${generator}; ${rounds} rounds of ${seconds} s, median (range)`]
  for (const connections of plan.connections) {
    lines.push('', `${connections} connection${connections === 1 ? '' : 's'}`, '')
    lines.push(describeSeries(series.filter((each) => each.connections === connections)))
  }
  for (const warning of warnings(series)) lines.push('', `! ${warning}`)
  process.stdout.write(`${lines.join('\n')}\n`)
}

function readPlan(): Plan {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '7' },
      seconds: { type: 'string', default: '4' },
      connections: { type: 'string', default: '64,1' },
      only: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  })
  return {
    rounds: count('--rounds', values.rounds),
    seconds: count('--seconds', values.seconds),
    connections: values.connections.split(',').map((text) => count('--connections', text)),
    only: values.only,
    json: values.json,
  }
}

function count(flag: string, text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text)
  throw new Error(`${flag}: expected a whole number of at least 1, got: ${text}`)
}

/** Progress goes to stderr, so that stdout is the result alone. */
function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

process.exitCode = await main(readPlan())
