export { Gate } from './gate.ts'
export type { Ask, Asker, Blocked, Decision, GateOptions, Permit, Waiting } from './gate.ts'
export { applyChanges } from './change.ts'
export { explainLimits } from './explain.ts'
export type { LimitsExplanation } from './explain.ts'
export { checkLimits } from './limits.ts'
export type { ChangeHow, LimitChange, LimitChanged, LimitField, LimitsControl } from './limits.ts'
export { limitId } from './snapshot.ts'
export type { FunctionSnapshot, GateSnapshot, LimitSnapshot } from './snapshot.ts'
export { realClock, virtualClock } from '../lib/clock.ts'
export type { Clock, VirtualClock } from '../lib/clock.ts'
export type {
  AccountLimits,
  FunctionLimits,
  GroupLimits,
  LimitsConfig,
  Priority,
} from '../model/limits.ts'
