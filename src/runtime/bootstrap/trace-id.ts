const NAME = '_X_AMZN_TRACE_ID'

/**
 * Shows the trace of the invocation that runs as `process.env._X_AMZN_TRACE_ID`, and returns what
 * sets it. It does not go to the C library, which keeps every value that a variable ever had:
 * 124 bytes for each invocation, for ever.
 */
export function provideTraceId(): (traceId: string) => void {
  let current = ''
  const real = process.env
  // Listed among the others, so that copies of the environment have it.
  real[NAME] = ''
  process.env = new Proxy(real, {
    get: (env, name) => (name === NAME ? current : (Reflect.get(env, name) as unknown)),
    set(env, name, value: unknown) {
      if (name !== NAME) return Reflect.set(env, name, value)
      current = String(value)
      return true
    },
    getOwnPropertyDescriptor(env, name) {
      const found = Reflect.getOwnPropertyDescriptor(env, name)
      return name === NAME && found !== undefined ? { ...found, value: current } : found
    },
  })
  return (traceId) => {
    current = traceId
  }
}
