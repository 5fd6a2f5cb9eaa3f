import type { StoppableInvoker } from './invocation.ts'
import { reserve } from './reserve.ts'
import { Run, unknownFunction, type InvokerOptions } from './run.ts'
import { Stop } from './stop.ts'

/** Takes each invocation through its life: gate, environment, outcome. Nothing else starts work. */
export function createInvoker(options: InvokerOptions): StoppableInvoker {
  const stop = new Stop()
  const parts = { ...options, stop }
  return {
    refuse: () => void (stop.refusing = true),
    giveUpWaiting: () => stop.giveUpWaiting(),
    idle: async () => await stop.idle(),
    reserve: async (wish) => await reserve(parts, wish),
    invoke: (invocation) =>
      new Promise((resolve) => {
        const target = options.target(invocation.functionName)
        if (target === undefined) {
          resolve({ ...unknownFunction(invocation), ...NOT_STARTED })
          return
        }
        new Run(parts, target, invocation, resolve).ask()
      }),
  }
}

/** Of an outcome without any run. */
const NOT_STARTED = { handlerStarted: false, attempts: 0, waitedMs: 0 }
