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

/** By place: the character codes of an id; eleven bytes in base64 end in an empty digit and one pad. */
const codes = new Uint8Array(16).fill('A'.charCodeAt(0))
codes[15] = '='.charCodeAt(0)

function encode(requestId: string): string {
  let bits = 0
  let held = 0
  let at = 0
  for (let i = 0; i < requestId.length && at < DIGITS_OF_ID; i++) {
    const digit = HEX_DIGITS[requestId.charCodeAt(i)] ?? NO_DIGIT
    if (digit === NO_DIGIT) continue
    bits = (bits << 4) | digit
    held += 4
    if (held < 12) continue
    codes[at++] = CODES[bits >> 6] ?? 0
    codes[at++] = CODES[bits & 63] ?? 0
    bits = 0
    held = 0
  }
  while (at < DIGITS_OF_ID) codes[at++] = CODES[0] ?? 0
  return toText(codes)
}

const DIGITS_OF_ID = 14
const NO_DIGIT = 16

/** By character code: what a hexadecimal digit is worth. */
const HEX_DIGITS: Uint8Array = new Uint8Array(128).fill(NO_DIGIT)
for (let i = 0; i < 16; i++) {
  HEX_DIGITS[i.toString(16).charCodeAt(0)] = i
  HEX_DIGITS[i.toString(16).toUpperCase().charCodeAt(0)] = i
}

const CODES: Uint8Array = Uint8Array.from(DIGITS, (digit) => digit.charCodeAt(0))

/** Sixteen characters at once: put together one by one they cost three times as much. */
function toText(c: Uint8Array): string {
  // oxfmt-ignore
  return String.fromCharCode(
    c[0]!, c[1]!, c[2]!, c[3]!, c[4]!, c[5]!, c[6]!, c[7]!,
    c[8]!, c[9]!, c[10]!, c[11]!, c[12]!, c[13]!, c[14]!, c[15]!,
  )
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
