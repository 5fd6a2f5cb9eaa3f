import type { LimitsConfig } from '../../model/limits.ts'
import { jsonAnswer, type Answer } from '../answer.ts'
import type { AwsOptions } from '../options.ts'
import type { Call, Operation } from './operation.ts'

export const accountOperations: readonly Operation[] = [
  {
    name: 'GetAccountSettings',
    method: 'GET',
    path: '/2016-08-19/account-settings',
    run: getAccountSettings,
  },
]

/** AWS's quotas for code, in bytes: clients read them before they upload. Nothing is uploaded here. */
const CODE_LIMITS = {
  TotalCodeSize: 80_530_636_800,
  CodeSizeUnzipped: 262_144_000,
  CodeSizeZipped: 52_428_800,
}

function getAccountSettings(_: Call, { app, limits }: AwsOptions): Answer {
  const config = limits.current()
  const max = config.account.maxConcurrency
  return jsonAnswer(200, {
    AccountLimit: {
      ...CODE_LIMITS,
      ConcurrentExecutions: max,
      UnreservedConcurrentExecutions: max - reservedOf(config),
    },
    AccountUsage: { TotalCodeSize: 0, FunctionCount: app().functions.length },
  })
}

/** What functions have reserved together. */
export function reservedOf({ functions }: LimitsConfig): number {
  return Object.values(functions).reduce(
    (sum, { reservedConcurrency = 0 }) => sum + reservedConcurrency,
    0,
  )
}
