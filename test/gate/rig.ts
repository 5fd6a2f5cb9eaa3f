import assert from 'node:assert/strict'
import {
  Gate,
  virtualClock,
  type Ask,
  type Blocked,
  type Decision,
  type LimitsConfig,
  type Permit,
  type VirtualClock,
  type Waiting,
} from '../../src/gate/index.ts'

/** Two functions for users, two in the background, and room for ten. */
export const CONFIG: LimitsConfig = {
  account: { maxConcurrency: 10 },
  groups: { api: {}, etl: {} },
  functions: {
    get: { group: 'api' },
    post: { group: 'api' },
    extract: { group: 'etl' },
    load: { group: 'etl' },
  },
}
/** Now or never. */
export const NOW = { maxWaitMs: 0 }
export const BATCH = { priority: 'batch' } as const

/** One who asked, and what became of it. */
export interface Asked {
  decision: Decision | undefined
  waiting: Waiting | undefined
}

export interface GateRig {
  readonly clock: VirtualClock
  readonly gate: Gate
  /** Functions that the gate said want an environment, in order. */
  readonly wanted: string[]
  readonly ask: (functionName: string, how?: Partial<Omit<Ask, 'functionName'>>) => Asked
}

/** A gate on a virtual clock whose functions have `slots` each. */
export function openGate(config: LimitsConfig, slots = 100): GateRig {
  const clock = virtualClock()
  const wanted: string[] = []
  const gate = new Gate(config, { clock, onEnvironmentWanted: (name) => void wanted.push(name) })
  for (const name of Object.keys(config.functions)) gate.setSlots(name, slots)
  return {
    clock,
    gate,
    wanted,
    ask(functionName, how = {}) {
      const asked: Asked = { decision: undefined, waiting: undefined }
      const usual = { priority: 'interactive', maxWaitMs: Infinity, deadlineMs: Infinity } as const
      asked.waiting = gate.acquire(
        { functionName, ...usual, ...how },
        {
          onDecision(decision) {
            assert.equal(asked.decision, undefined, 'told twice')
            asked.decision = decision
          },
        },
      )
      return asked
    },
  }
}

/** `permit`, `throttle`, …; undefined while it waits. */
export function kindOf({ decision }: Asked): Decision['kind'] | undefined {
  return decision?.kind
}

export function permitOf({ decision }: Asked): Permit {
  assert.equal(decision?.kind, 'permit')
  return decision.permit
}

export function blockedOf({ decision }: Asked): Blocked {
  assert.equal(decision?.kind, 'throttle')
  return decision.blocked
}

export function times(count: number, ask: () => Asked): Asked[] {
  return Array.from({ length: count }, ask)
}

export function countOf(asked: readonly Asked[], kind: string): number {
  return asked.filter((each) => kindOf(each) === kind).length
}
