/** A part of an IPv4 address. */
const BYTE = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'

/** The formats of JSON Schema draft 4 ("Defined formats"). Another format is none: it says nothing. */
const FORMATS: Readonly<Record<string, RegExp>> = {
  'date-time':
    /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):?[0-5]\d)$/i,
  email: /^[^\s@"]+@[^\s@"]+$/,
  hostname:
    /^(?=.{1,253}$)[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?)*$/i,
  ipv4: new RegExp(`^${BYTE}(?:\\.${BYTE}){3}$`),
  uri: /^[a-z][a-z\d+.-]*:[^\s<>"{}|\\^`]+$/i,
}

/** Whether a text has a format. */
export function isFormat(name: string, text: string): boolean {
  if (name === 'ipv6') return isIpv6(text)
  return Object.hasOwn(FORMATS, name) ? FORMATS[name]?.test(text) === true : true
}

function isIpv6(text: string): boolean {
  const halves = text.split('::')
  if (halves.length > 2) return false
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')))
  const last = groups.at(-1) ?? ''
  const hasIpv4 = last.includes('.')
  if (hasIpv4 && !isFormat('ipv4', last)) return false
  const words = hasIpv4 ? groups.slice(0, -1) : groups
  const length = words.length + (hasIpv4 ? 2 : 0)
  const isFull = halves.length === 2 ? length < 8 : length === 8
  return isFull && words.every((word) => /^[\da-f]{1,4}$/i.test(word))
}
