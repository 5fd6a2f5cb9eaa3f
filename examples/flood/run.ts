import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { POLICY_NAMES } from './load/policies.ts'
import { hasLost, playRound, type Round } from './load/round.ts'
import { toScenario } from './load/scenario.ts'
import { describe, warnings } from './report/describe.ts'
import { toHtml } from './report/html.ts'

/**
 * A flood of background work beside users, once under each policy:
 * `node examples/flood/run.ts [--scale 0.05] [--only aws,guarantee] [--repeats 3] [--json]`.
 * Exit code 1 when somebody was lost.
 */
const { values } = parseArgs({
  options: {
    /** How long, of 1. The slots and the rates shrink with its root. */
    scale: { type: 'string', default: '1' },
    only: { type: 'string', default: POLICY_NAMES.join(',') },
    repeats: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    report: { type: 'string', default: join(import.meta.dirname, 'out/report.html') },
  },
})

try {
  process.exitCode = await main()
} catch (error) {
  say(error instanceof Error ? error.message : String(error))
  // Whatever still comes would find nobody there.
  process.exit(1)
}

async function main(): Promise<number> {
  const rounds: Round[] = []
  for (let repeat = 0; repeat < number('repeats'); repeat++) {
    const scenario = toScenario(number('scale'), number('seed') + repeat)
    rounds.push(
      await playRound(scenario, values.only.split(','), (what) => say(`${repeat + 1}: ${what}`)),
    )
  }
  mkdirSync(dirname(values.report), { recursive: true })
  writeFileSync(values.report, toHtml(rounds))
  for (const warning of warnings(rounds)) say(warning)
  if (values.json) process.stdout.write(`${JSON.stringify(rounds)}\n`)
  else process.stdout.write(`${describe(rounds)}\n\n${values.report}\n`)
  return rounds.some(hasLost) ? 1 : 0
}

function number(flag: 'scale' | 'repeats' | 'seed'): number {
  const value = Number(values[flag])
  if (value > 0) return value
  throw new Error(`--${flag}: expected a number above 0, got: ${values[flag]}`)
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
