import { jsonAnswer, type Answer } from '../answer.ts'
import type { Call, LambdaContext, Operation } from './operation.ts'
import { unreservedOf } from './unreserved.ts'

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

function getAccountSettings(_: Call, { app, limits }: LambdaContext): Answer {
  const config = limits.current()
  return jsonAnswer(200, {
    AccountLimit: {
      ...CODE_LIMITS,
      ConcurrentExecutions: config.account.maxConcurrency,
      UnreservedConcurrentExecutions: unreservedOf(config),
    },
    AccountUsage: { TotalCodeSize: 0, FunctionCount: app().functions.length },
  })
}
