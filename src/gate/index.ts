export { Gate } from './gate.ts'
export type { GateOptions, Waiting } from './gate.ts'
export type { LimitUse, Wanted } from './demand.ts'
export type { Ask, Asker, Decision, Permit } from './ask.ts'
export { applyChanges } from './limits/change.ts'
export { explainLimits } from './limits/explain.ts'
export type { LimitsExplanation } from './limits/explain.ts'
export { checkLimits } from './limits/limits.ts'
export type {
  ChangeHow,
  LimitChange,
  LimitChanged,
  LimitField,
  LimitsControl,
} from './limits/limits.ts'
export { limitId } from './refusal.ts'
export type { Blocked } from './refusal.ts'
export type {
  FunctionSnapshot,
  GateSnapshot,
  Holder,
  LimitSnapshot,
  RefusedSnapshot,
  WaitSnapshot,
} from './snapshot.ts'
export type { Scope, Why } from './tree.ts'
export { realClock, virtualClock } from '../lib/clock.ts'
export type { Clock, VirtualClock } from '../lib/clock.ts'
export type {
  AccountLimits,
  FunctionLimits,
  GroupLimits,
  Headroom,
  LimitsConfig,
  Priority,
  TagLimits,
  TenantLimits,
} from '../model/limits.ts'
