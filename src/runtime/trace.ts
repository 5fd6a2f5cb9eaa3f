/**
 * X-Ray's trace header as Lambda hands it to a function: `Root=…;Parent=…;Sampled=…`. The parent is
 * the invocation's own span, which SDKs inside the function send on: so a call says who waits for it.
 */
export function traceOf(traceId: string, span: string): string {
  const sampled = fieldOf(traceId, 'Sampled') ?? '0'
  return `Root=${fieldOf(traceId, 'Root') ?? ''};Parent=${span};Sampled=${sampled}`
}

/** Sixteen hexadecimal digits, of the request's id. */
export function spanOf(requestId: string): string {
  return `${requestId.slice(0, 8)}${requestId.slice(9, 13)}${requestId.slice(14, 18)}`
}

/** The span of the invocation that sent a call, where one did. */
export function callerOf(traceId: string): string | undefined {
  return fieldOf(traceId, 'Parent')
}

function fieldOf(traceId: string, name: string): string | undefined {
  const start = traceId.indexOf(`${name}=`)
  if (start === -1) return undefined
  const end = traceId.indexOf(';', start)
  return traceId.slice(start + name.length + 1, end === -1 ? undefined : end)
}
