import { current, owner, type Running } from './running.ts'

const NAME = '_X_AMZN_TRACE_ID'

/**
 * Shows the trace of the invocation that runs, or whose code asks where several do, as
 * `process.env._X_AMZN_TRACE_ID`. It does not go to the C library, which keeps every value that a
 * variable ever had: 124 bytes for each invocation, for ever.
 */
export function provideTraceId(): void {
  /** What somebody sets while no invocation runs. */
  let outside = ''
  const read = (): string => whose()?.traceId ?? outside
  const real = process.env
  // Listed among the others, so that copies of the environment have it.
  real[NAME] = ''
  process.env = new Proxy(real, {
    get: (env, name) => (name === NAME ? read() : (Reflect.get(env, name) as unknown)),
    set(env, name, value: unknown) {
      if (name !== NAME) return Reflect.set(env, name, value)
      const running = whose()
      if (running === undefined) outside = String(value)
      else running.traceId = String(value)
      return true
    },
    getOwnPropertyDescriptor(env, name) {
      const found = Reflect.getOwnPropertyDescriptor(env, name)
      return name === NAME && found !== undefined ? { ...found, value: read() } : found
    },
  })
}

function whose(): Running | undefined {
  return current() ?? owner.getStore()
}
