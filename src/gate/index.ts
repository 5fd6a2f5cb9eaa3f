export { Gate } from './gate.ts'
export type { GateOptions, Waiting, Wanted } from './gate.ts'
export type { Ask, Asker, Decision, Permit } from './ask.ts'
export { applyChanges, checkLimits } from './limits.ts'
export type { LimitChange, LimitField, LimitsControl } from './limits.ts'
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
