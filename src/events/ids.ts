const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** The last id that was asked for: a request needs its own for the event and for the response. */
let cachedRequestId = ''
let cachedShortId = ''

/**
 * The gateway's short id, such as `ATfSmjLgPHcESJw=`: what `x-amz-apigw-id`, `apigw-requestid` and
 * `extendedRequestId` carry. It follows from the request's UUID, so that gateway and environment
 * agree without telling each other.
 */
export function shortId(requestId: string): string {
  if (requestId !== cachedRequestId || cachedShortId === '') {
    cachedShortId = encode(requestId)
    cachedRequestId = requestId
  }
  return cachedShortId
}

/** Eleven bytes in base64 end in a digit whose low bits are empty, and one pad. */
function encode(requestId: string): string {
  let id = ''
  let bits = 0
  let held = 0
  for (let i = 0; i < requestId.length && id.length < 14; i++) {
    const digit = HEX_DIGITS[requestId.charCodeAt(i)] ?? NO_DIGIT
    if (digit === NO_DIGIT) continue
    bits = (bits << 4) | digit
    held += 4
    if (held < 12) continue
    held = 0
    id += pair(bits)
    bits = 0
  }
  return `${id.padEnd(14, 'A')}A=`
}

const NO_DIGIT = 16

/** By character code: what a hexadecimal digit is worth. */
const HEX_DIGITS: Uint8Array = new Uint8Array(128).fill(NO_DIGIT)
for (let i = 0; i < 16; i++) {
  HEX_DIGITS[i.toString(16).charCodeAt(0)] = i
  HEX_DIGITS[i.toString(16).toUpperCase().charCodeAt(0)] = i
}

/** Twelve bits at a time, as two digits; made as they are needed, for the start's sake. */
const PAIRS: string[] = Array.from({ length: 4096 }, () => '')

function pair(bits: number): string {
  return PAIRS[bits] || (PAIRS[bits] = `${DIGITS[bits >> 6]}${DIGITS[bits & 63]}`)
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
