import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import {
  Gate,
  realClock,
  type Decision,
  type LimitsConfig,
  type Permit,
} from '../src/gate/index.ts'
import { describeMachine } from './support/machine.ts'
import { formatSummary, summarize } from './support/stats.ts'
import { formatTable } from './support/table.ts'

/**
 * What does a decision of the gate cost, and what a function that does nothing? See README.md. The
 * script starts itself anew for every sample, with `--measure FUNCTIONS`, so that each has a heap and
 * compiled code of its own.
 */

/** What one process found out at one number of functions. */
interface Sample {
  readonly functions: number
  readonly bytesPerFunction: number
  readonly uncontended: Speed
  /** By how many functions have a line. */
  readonly handOvers: readonly HandOver[]
}

interface Speed {
  readonly perSecond: number
  readonly p99Us: number
}

interface HandOver extends Speed {
  readonly crowded: number
}

const SIZES = [50, 4000, 100_000]
const CROWDS = [1, 50, 1000]
const GROUPS = 20
const TAGS = 40
/** One for each function: its invocations are counted at account, group, function and tenant. */
const TENANT = 'tenant'
/** In all lines together, or one each where that is more. */
const WAITING = 1000
const SAMPLE_MS = 400
const WARM_UP_MS = 200
/** Decisions between two looks at the clock. */
const STRIDE = 1000

function main(): void {
  const { values } = parseArgs({
    options: { rounds: { type: 'string', default: '7' }, measure: { type: 'string' } },
  })
  if (values.measure !== undefined) {
    process.stdout.write(JSON.stringify(measure(Number(values.measure))))
    return
  }
  const samples: Sample[] = []
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const functions of round % 2 === 0 ? SIZES : SIZES.toReversed()) {
      samples.push(measureApart(functions))
      process.stderr.write(`round ${round + 1}, ${functions} functions\n`)
    }
  }
  process.stdout.write(toText(samples))
}

/** @throws {Error} when the process fails. */
function measureApart(functions: number): Sample {
  const args = ['--expose-gc', import.meta.filename, '--measure', `${functions}`]
  const { status, stdout } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status !== 0) throw new Error(`measuring ${functions} functions ended with ${status}`)
  return JSON.parse(stdout) as Sample
}

function measure(functions: number): Sample {
  const crowds = [...CROWDS.filter((crowded) => crowded < functions), functions]
  return {
    functions,
    bytesPerFunction: bytesPerFunction(functions),
    uncontended: measureUncontended(functions),
    handOvers: crowds.map((crowded) => measureHandOvers(functions, crowded)),
  }
}

function configOf(functions: number, maxConcurrency: number): LimitsConfig {
  const names = Array.from({ length: functions }, (_, at) => nameOf(at))
  return {
    account: { maxConcurrency },
    groups: Object.fromEntries(
      Array.from({ length: GROUPS }, (_, at) => [`group-${at}`, { maxConcurrency: 1_000_000 }]),
    ),
    tags: Object.fromEntries(
      Array.from({ length: TAGS }, (_, at) => [`tag-${at}`, { maxConcurrency: 1_000_000 }]),
    ),
    functions: Object.fromEntries(
      names.map((name, at) => [
        name,
        {
          group: `group-${at % GROUPS}`,
          maxConcurrency: 1000,
          tags: [`tag-${at % TAGS}`, `tag-${(at * 7 + 3) % TAGS}`],
          perTenant: { maxConcurrency: 1000 },
        },
      ]),
    ),
  }
}

function nameOf(at: number): string {
  return `service-${at % GROUPS}-dev-function-${at}`
}

function createGate(config: LimitsConfig): Gate {
  const gate = new Gate(config, { clock: realClock })
  for (const name of Object.keys(config.functions)) gate.setSlots(name, 1000)
  return gate
}

/** The gate's alone: the configuration is there before. */
function bytesPerFunction(functions: number): number {
  // The gate's compiled code is no function's.
  createGate(configOf(SIZES[0] ?? 0, 1000))
  const config = configOf(functions, 1000)
  const before = heapBytes()
  const gate = createGate(config)
  const after = heapBytes()
  // Asked last, so that neither is collected before.
  return (after - before) / Object.keys(gate.config.functions).length
}

function heapBytes(): number {
  if (globalThis.gc === undefined) throw new Error('expected to be started with --expose-gc')
  for (let each = 0; each < 3; each++) globalThis.gc()
  return process.memoryUsage().heapUsed
}

/** In, and out again, of one function after another, in an order that no cache foresees. */
function measureUncontended(functions: number): Speed {
  const config = configOf(functions, 1000)
  const gate = createGate(config)
  const names = shuffled(config)
  let at = 0
  let permit: Permit | undefined
  const asker = {
    onDecision(decision: Decision): void {
      permit = permitOf(decision)
    },
  }
  return measureSpeed(() => {
    const functionName = names[at] ?? ''
    at = at + 1 === names.length ? 0 : at + 1
    const ask = {
      functionName,
      priority: 'interactive',
      maxWaitMs: 0,
      deadlineMs: Infinity,
      tenant: TENANT,
    } as const
    gate.acquire(ask, asker)
    permit?.release()
  })
}

/**
 * The account is full and so many functions have a line. Each release hands its slot to the first in
 * line, and whoever got it is followed by a new one at the end of the same function's line.
 */
function measureHandOvers(functions: number, crowded: number): HandOver {
  // A tenth of who waits: more than ten for each slot are refused.
  const waiting = Math.max(WAITING, crowded)
  const accountMax = waiting / 10
  const config = configOf(functions, accountMax)
  const gate = createGate(config)
  const names = shuffled(config).slice(0, crowded)
  const running: Permit[] = []
  let freed = 0
  const asker = {
    onDecision(decision: Decision): void {
      running[freed] = permitOf(decision)
    },
  }
  const deadlineMs = realClock.nowMs() + 600_000
  const ask = (functionName: string): void => {
    const how = { priority: 'interactive', maxWaitMs: 300_000, deadlineMs, tenant: TENANT } as const
    gate.acquire({ functionName, ...how }, asker)
  }
  for (; freed < accountMax; freed++) ask(names[freed % crowded] ?? '')
  for (let at = 0; at < waiting; at++) ask(names[at % crowded] ?? '')

  const speed = measureSpeed(() => {
    freed = freed + 1 < accountMax ? freed + 1 : 0
    running[freed]?.release()
    ask(running[freed]?.functionName ?? '')
  })
  const { inUse } = gate.snapshot().account
  if (inUse !== accountMax) throw new Error(`expected a full account, got: ${inUse} in use`)
  return { crowded, ...speed }
}

/** @throws {Error} when it is no permit: then something else was measured. */
function permitOf(decision: Decision): Permit {
  if (decision.kind === 'permit') return decision.permit
  throw new Error(`expected a permit, got: ${decision.kind}`)
}

/** The rate first; then each decision by itself, because looking at the clock costs as much as one. */
function measureSpeed(decide: () => void): Speed {
  runFor(WARM_UP_MS, decide)
  const perSecond = runFor(SAMPLE_MS, decide)
  const each: number[] = []
  const untilMs = performance.now() + SAMPLE_MS
  for (let nowMs = 0; nowMs < untilMs && each.length < 200_000;) {
    const sinceMs = performance.now()
    decide()
    nowMs = performance.now()
    each.push(nowMs - sinceMs)
  }
  const sorted = each.toSorted((a, b) => a - b)
  return { perSecond, p99Us: 1000 * (sorted[Math.floor(sorted.length * 0.99)] ?? NaN) }
}

/**
 * Decides for a while; returns how often per second of this thread's own CPU time: on a machine that
 * others use too, the clock on the wall counts them in.
 */
function runFor(durationMs: number, decide: () => void): number {
  const sinceMs = threadCpuMs()
  let decisions = 0
  let elapsedMs = 0
  while (elapsedMs < durationMs) {
    // Where one takes milliseconds, a whole stride would take minutes.
    const stride = elapsedMs > decisions * 0.1 ? 1 : Math.min(STRIDE, decisions + 1)
    for (let each = 0; each < stride; each++) decide()
    decisions += stride
    elapsedMs = threadCpuMs() - sinceMs
  }
  return decisions / (elapsedMs / 1000)
}

function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

/**
 * Every function's name once, in an order that is the same in every run. They are the configuration's
 * own strings, as those of a route are.
 */
function shuffled(config: LimitsConfig): string[] {
  const names = Object.keys(config.functions)
  let seed = 1
  for (let at = names.length - 1; at > 0; at--) {
    seed = (seed * 48_271) % 2_147_483_647
    const other = seed % (at + 1)
    ;[names[at], names[other]] = [names[other] ?? '', names[at] ?? '']
  }
  return names
}

function toText(samples: readonly Sample[]): string {
  const bySize = SIZES.map((size) => samples.filter(({ functions }) => functions === size))
  const decisions = bySize.map((own, at) => [
    grouped(SIZES[at] ?? 0),
    formatSummary(summarize(own.map(({ uncontended }) => uncontended.perSecond / 1000))),
    formatSummary(summarize(own.map(({ uncontended }) => uncontended.p99Us)), 2),
    formatSummary(summarize(own.map((sample) => sample.bytesPerFunction))),
  ])
  const handOvers = bySize.flatMap((own, at) =>
    (own[0]?.handOvers ?? []).map(({ crowded }, which) => {
      const those = own.flatMap((sample) => sample.handOvers[which] ?? [])
      return [
        grouped(SIZES[at] ?? 0),
        grouped(crowded),
        formatSummary(summarize(those.map(({ perSecond }) => perSecond))),
        formatSummary(summarize(those.map(({ p99Us }) => p99Us)), 1),
      ]
    }),
  )
  return [
    `${describeMachine()}; ${bySize[0]?.length} processes each, median (range)`,
    formatTable(
      ['functions', 'thousand decisions/s', 'p99 µs', 'bytes per idle function'],
      decisions,
    ),
    formatTable(['functions', 'with a line', 'hand-overs/s', 'p99 µs'], handOvers),
    '',
  ].join('\n\n')
}

function grouped(count: number): string {
  return count.toLocaleString('en-US').replaceAll(',', ' ')
}

main()
