import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toCurves, type Curves } from './curves.ts'
import { toFigures, type Figures } from './figures.ts'
import { flood } from './flood.ts'
import { readPolicy, type Policy } from './policies.ts'
import type { Scenario } from './scenario.ts'

/** The same flood under each policy, and what to compare it with. */
export interface Round {
  readonly scenario: Scenario
  readonly alone: Alone
  readonly outcomes: readonly Outcome[]
}

/** One of the two loads without the other, under the guarantee. */
export interface Alone {
  readonly users: Figures
  readonly etl: Figures
}

export interface Outcome {
  readonly policy: Policy
  readonly figures: Figures
  readonly curves: Curves
}

/**
 * The ETL alone is measured under this one too: the slots that it sets aside for the users stay empty
 * then, so the ETL has exactly as many as it has beside them.
 */
const REFERENCE = 'guarantee'

/**
 * Plays the scenario with nobody else and under each policy, each time on a server of its own.
 * @throws {Error} for an unknown policy, or when a server ends.
 */
export async function playRound(
  scenario: Scenario,
  policyNames: readonly string[],
  say: (line: string) => void,
): Promise<Round> {
  const policies = policyNames.map((name) => readPolicy(name, scenario.size))
  const folder = mkdtempSync(join(tmpdir(), 'flood-'))
  try {
    const reference = readPolicy(REFERENCE, scenario.size)
    say('users alone, then the ETL alone')
    const [users, etl] = await flood(reference, ['users', 'etl'], { scenario, folder })
    if (users === undefined || etl === undefined) throw new Error('impossible: a run a load')
    const outcomes: Outcome[] = []
    for (const policy of policies) {
      say(policy.title)
      const [run] = await flood(policy, ['both'], { scenario, folder })
      if (run === undefined) throw new Error('impossible: a run a load')
      const figures = toFigures(run, scenario)
      outcomes.push({ policy, figures, curves: toCurves(run, scenario) })
    }
    const alone = { users: toFigures(users, scenario), etl: toFigures(etl, scenario) }
    return { scenario, alone, outcomes }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Whether a user was left without an answer, or a job undone. */
export function hasLost({ alone, outcomes }: Round): boolean {
  return [alone.users, alone.etl, ...outcomes.map(({ figures }) => figures)].some(
    ({ users, etl }) => users.lost > 0 || etl.failures > 0 || etl.done < etl.jobs,
  )
}
