import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { POLICIES, type Policy } from './load/policies.ts'
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
    only: { type: 'string', default: POLICIES.map(({ name }) => name).join(',') },
    repeats: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    report: { type: 'string', default: join(import.meta.dirname, 'out/report.html') },
  },
})

process.exitCode = await main()

async function main(): Promise<number> {
  const policies = values.only.split(',').map(findPolicy)
  const rounds: Round[] = []
  for (let repeat = 0; repeat < number('repeats'); repeat++) {
    const scenario = toScenario(number('scale'), number('seed') + repeat)
    rounds.push(await playRound(scenario, policies, (what) => say(`${repeat + 1}: ${what}`)))
  }
  mkdirSync(dirname(values.report), { recursive: true })
  writeFileSync(values.report, toHtml(rounds))
  for (const warning of warnings(rounds)) say(warning)
  if (values.json) process.stdout.write(`${JSON.stringify(rounds)}\n`)
  else process.stdout.write(`${describe(rounds)}\n\n${values.report}\n`)
  return rounds.some(hasLost) ? 1 : 0
}

function findPolicy(name: string): Policy {
  const found = POLICIES.find((policy) => policy.name === name)
  if (found !== undefined) return found
  throw new Error(
    `no policy is named "${name}"; there are: ${POLICIES.map((each) => each.name).join(', ')}`,
  )
}

function number(flag: 'scale' | 'repeats' | 'seed'): number {
  const value = Number(values[flag])
  if (value > 0) return value
  throw new Error(`--${flag}: expected a number above 0, got: ${values[flag]}`)
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
