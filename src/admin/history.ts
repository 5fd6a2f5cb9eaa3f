import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import type { FunctionTally, OutcomeLabel, Tally } from '../invoke/tally.ts'
import { describeIssue } from './limits.ts'
import { writeWhole } from '../lib/whole-file.ts'

/** How the invocations of a node have ended, since its history began. */
export interface ErrorHistory {
  /** When it began, ISO 8601. */
  readonly since: string
  readonly functions: readonly FunctionHistory[]
}

export interface FunctionHistory {
  readonly functionName: string
  /** By the words of `spillway_invocations_total`. */
  readonly outcomes: Readonly<Record<string, number>>
  /** By `class/reason/started`, as `spillway_errors_total` has them; throttles are among `outcomes` alone. */
  readonly errors: Readonly<Record<string, number>>
  /** What no caller has seen: by why an environment ended before the handler began. */
  readonly retries: Readonly<Record<string, number>>
}

/** A node's history: of this run, and of those before where there is a file. */
export interface History {
  read(): ErrorHistory
  /** Writes it where it is to survive; never throws. */
  save(): void
}

export interface HistoryOptions {
  readonly tally: Tally
  readonly wallMs: () => number
  /** Default: nothing survives. */
  readonly directory?: string
  /** The file could not be read or written: a sentence. */
  readonly onTrouble: (sentence: string) => void
}

const FILE = 'history.json'
/** Names come from configurations, which change over the years. */
const FUNCTIONS_MAX = 10_000
const OTHERS = '(others)'

const Counts = v.record(v.string(), v.pipe(v.number(), v.minValue(0)))
const File = v.object({
  version: v.literal(1),
  since: v.string(),
  functions: v.array(
    v.object({ functionName: v.string(), outcomes: Counts, errors: Counts, retries: Counts }),
  ),
})

export function openHistory(options: HistoryOptions): History {
  const { tally, directory, onTrouble } = options
  const before = directory === undefined ? undefined : load(directory, onTrouble)
  const since = before?.since ?? new Date(options.wallMs()).toISOString()
  let written = ''
  const read = (): ErrorHistory => ({ since, functions: merged(before?.functions ?? [], tally) })
  return {
    read,
    save() {
      if (directory === undefined) return
      const text = `${JSON.stringify({ version: 1, ...read() })}\n`
      if (text === written || tally.functions.size === 0) return
      try {
        writeWhole(directory, FILE, text)
        written = text
      } catch (error) {
        onTrouble(`cannot write ${join(directory, FILE)}: ${(error as Error).message}`)
      }
    },
  }
}

/** A history that cannot be read is no reason not to serve. */
function load(directory: string, onTrouble: (sentence: string) => void): ErrorHistory | undefined {
  const path = join(directory, FILE)
  try {
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), File), readFileSync(path, 'utf8'))
    if (parsed.success) return parsed.output
    onTrouble(`${path} holds no history, a new one begins: ${describeIssue(parsed.issues[0])}`)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT') onTrouble(`cannot read ${path}, a new history begins: ${message}`)
  }
  return undefined
}

function merged(before: readonly FunctionHistory[], tally: Tally): FunctionHistory[] {
  const all = new Map(before.map((each) => [each.functionName, each]))
  for (const [name, counts] of tally.functions) {
    const functionName = all.has(name) || all.size < FUNCTIONS_MAX ? name : OTHERS
    all.set(functionName, sumOf(all.get(functionName), { functionName, ...ofTally(counts) }))
  }
  return [...all.values()]
}

function ofTally({
  outcomes,
  errors,
  retries,
}: FunctionTally): Omit<FunctionHistory, 'functionName'> {
  const sums: Partial<Record<OutcomeLabel, number>> = {}
  for (const counts of outcomes.values()) Object.assign(sums, sumCounts(sums, counts))
  return {
    outcomes: sums,
    errors: Object.fromEntries(errors),
    retries: Object.fromEntries(retries),
  }
}

function sumOf(a: FunctionHistory | undefined, b: FunctionHistory): FunctionHistory {
  if (a === undefined) return b
  return {
    functionName: b.functionName,
    outcomes: sumCounts(a.outcomes, b.outcomes),
    errors: sumCounts(a.errors, b.errors),
    retries: sumCounts(a.retries, b.retries),
  }
}

function sumCounts(
  a: Readonly<Record<string, number>>,
  b: Readonly<Record<string, number>>,
): Record<string, number> {
  const sums = { ...a }
  for (const [key, count] of Object.entries(b)) sums[key] = (sums[key] ?? 0) + count
  return sums
}
