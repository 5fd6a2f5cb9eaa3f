const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/**
 * The gateway's short id, such as `ATfSmjLgPHcESJw=`: what `x-amz-apigw-id`, `apigw-requestid` and
 * `extendedRequestId` carry. It follows from the request's UUID, so that gateway and environment
 * agree without telling each other.
 */
export function shortId(requestId: string): string {
  let id = ''
  let bits = 0
  let held = 0
  for (let i = 0; i < requestId.length && id.length < 14; i++) {
    const digit = hexDigit(requestId.charCodeAt(i))
    if (digit === -1) continue
    bits = (bits << 4) | digit
    held += 4
    if (held < 6) continue
    held -= 6
    id += DIGITS[bits >> held]
    bits &= (1 << held) - 1
  }
  // Eleven bytes: the fifteenth digit has its low bits empty, and one pad follows.
  return `${id.padEnd(14, 'A')}A=`
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  const lower = code | 32
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}

/**
 * Lower-case letters and digits that follow from a text: what stands where AWS draws a name at
 * random (`resourceId`, `deploymentId`, `apiKeyId`). FNV-1a; a name, not a secret.
 */
export function stableId(text: string, length: number): string {
  let id = ''
  for (let round = 0; id.length < length; round++) {
    let hash = 0x811c9dc5 ^ round
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
    id += (hash >>> 0).toString(36).padStart(7, '0').slice(1)
  }
  return id.slice(0, length)
}
