/** The caller's own trace goes on; else a new one begins, in X-Ray's form. */
export function traceIdOf(
  given: string | string[] | undefined,
  requestId: string,
  wallMs: number,
): string {
  if (typeof given === 'string' && given.startsWith('Root=')) return given
  const seconds = Math.floor(wallMs / 1000).toString(16)
  const digits = `${requestId.slice(0, 8)}${requestId.slice(9, 13)}${requestId.slice(24)}`
  return `Root=1-${seconds}-${digits}`
}
