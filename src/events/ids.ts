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

/**
 * Eleven bytes in base64 end in a digit whose low bits are empty, and one pad. Twenty-one digits of
 * the UUID are in it; by their places, because a loop over them took twice as long.
 */
function encode(id: string): string {
  if (!UUID.test(id)) return encodeAny(id)
  const first = pairAt(id, 0, 1, 2) + pairAt(id, 3, 4, 5) + pairAt(id, 6, 7, 9)
  const rest = pairAt(id, 10, 11, 12) + pairAt(id, 14, 15, 16) + pairAt(id, 17, 19, 20)
  return `${first}${rest}${pairAt(id, 21, 22, 24)}A=`
}

const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i

function pairAt(id: string, one: number, two: number, three: number): string {
  return pair((digitAt(id, one) << 8) | (digitAt(id, two) << 4) | digitAt(id, three))
}

function digitAt(id: string, at: number): number {
  return HEX_DIGITS[id.charCodeAt(at)] ?? NO_DIGIT
}

/** The same of whatever hexadecimal digits there are. */
function encodeAny(requestId: string): string {
  let id = ''
  let bits = 0
  let held = 0
  for (let i = 0; i < requestId.length && id.length < 14; i++) {
    const digit = digitAt(requestId, i)
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
