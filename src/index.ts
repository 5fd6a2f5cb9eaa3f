export { createSpillway, VERSION } from './spillway.ts'
export type {
  DrainOptions,
  InvokeOptions,
  ListenOptions,
  Spillway,
  SpillwayOptions,
} from './spillway.ts'
export { loadApp } from './manifest/load.ts'
export type { LoadOptions } from './manifest/load.ts'
export { ManifestError, SpillwayError } from './lib/errors.ts'
export type { ErrorCode, Fault, Place, Problem } from './lib/errors.ts'
export type { Listen } from './lib/listen.ts'
export type {
  ChangeHow,
  LimitChange,
  LimitChanged,
  LimitField,
  LimitsControl,
} from './gate/limits/limits.ts'
export type { FunctionSnapshot, GateSnapshot, LimitSnapshot } from './gate/snapshot.ts'
export type { RequestFacts } from './http/api.ts'
export type { FunctionError, Outcome } from './invoke/invocation.ts'
export type { LogLine } from './invoke/journal.ts'
export type { App, FunctionDefinition, HttpApi, HttpRoute, Service } from './model/app.ts'
export type * from './model/limits.ts'
