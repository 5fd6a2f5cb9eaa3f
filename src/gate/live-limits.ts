import type { LimitsConfig } from '../model/limits.ts'
import type { Gate } from './gate.ts'
import { applyChanges, checkLimits, type LimitChange, type LimitsControl } from './limits.ts'

/** Limits that are changed while running, and survive a new configuration. */
export interface LiveLimits extends LimitsControl {
  /**
   * Takes a new configuration as the base and makes the live changes on it again; a change whose
   * group or function is gone is forgotten.
   * @throws {SpillwayError} SPILLWAY_LIMITS where the new base does not fit; then nothing changes.
   */
  rebase(config: LimitsConfig): void
}

/** Who changed what: for the log. */
export interface LimitsAudit {
  readonly by: string
  readonly changes: readonly LimitChange[]
}

export function createLimitsControl(
  gate: Gate,
  onChange: (audit: LimitsAudit) => void,
): LiveLimits {
  let live: readonly LimitChange[] = []

  return {
    current: () => gate.config,
    change(changes, by) {
      gate.configure(applyChanges(gate.config, changes))
      live = [...live.filter((old) => !changes.some((each) => isSame(old, each))), ...changes]
      onChange({ by, changes })
      return gate.config
    },
    rebase(config) {
      checkLimits(config)
      const kept = live.filter(({ scope, name }) => isKnown(config, scope, name))
      gate.configure(applyChanges(config, kept))
      live = kept
    },
  }
}

/** The later change of the same limit is the one that counts. */
function isSame(a: LimitChange, b: LimitChange): boolean {
  return a.scope === b.scope && a.name === b.name && a.field === b.field
}

function isKnown(config: LimitsConfig, scope: LimitChange['scope'], name: string): boolean {
  if (scope === 'account') return true
  if (scope === 'group') return Object.hasOwn(config.groups, name)
  return Object.hasOwn(config.functions, name.split(':')[0] ?? '')
}
