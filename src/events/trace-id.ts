/** The caller's own trace goes on; else a new one begins, in X-Ray's form. */
export function traceIdOf(
  given: string | string[] | undefined,
  requestId: string,
  wallMs: number,
): string {
  const own = ownTrace(given)
  if (own !== undefined) return own
  const seconds = Math.floor(wallMs / 1000).toString(16)
  const digits = `${requestId.slice(0, 8)}${requestId.slice(9, 13)}${requestId.slice(24)}`
  return `Root=1-${seconds}-${digits}`
}

/** The trace that a caller has sent, where it is one. */
export function ownTrace(given: string | string[] | undefined): string | undefined {
  return typeof given === 'string' && given.startsWith('Root=') ? given : undefined
}
