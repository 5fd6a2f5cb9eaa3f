import type { Gate } from '../gate/gate.ts'
import type { LimitsControl } from '../gate/limits/limits.ts'
import type { History } from './history.ts'
import type { LoopLag } from './loop-lag.ts'
import type { Tally } from '../invoke/tally.ts'

/** What the admin listener shows and changes. */
export interface AdminOptions {
  readonly gate: Gate
  readonly limits: LimitsControl
  readonly tally: Tally
  readonly pools: () => Iterable<PoolFacts>
  /** How many environments have ended, by reason. */
  readonly exits: () => ReadonlyMap<string, number>
  /** How many of them we ended by force, by why. */
  readonly kills: () => ReadonlyMap<string, number>
  readonly history: Pick<History, 'read'>
  readonly lag: LoopLag
  readonly ready: () => Readiness
  readonly version: string
  /** Must come with every request but those for health. */
  readonly token?: string
}

/** The environments of one function. */
export interface PoolFacts {
  readonly functionName: string
  readonly counts: { readonly idle: number; readonly busy: number; readonly starting: number }
}

/** Whether work may be sent here, and why not. */
export interface Readiness {
  readonly ok: boolean
  readonly checks: readonly {
    readonly name: string
    readonly ok: boolean
    readonly detail?: string
  }[]
}
