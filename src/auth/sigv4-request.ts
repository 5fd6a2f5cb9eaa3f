import { valuesOf } from '../lib/raw-headers.ts'

/** A request as it came, for the check of its signature. */
export interface SignedRequest {
  readonly method: string
  /** As on the wire, query included. */
  readonly target: string
  /** `[name, value, …]`. */
  readonly rawHeaders: readonly string[]
}

/** What a request says about its signature. */
export interface SignatureClaim {
  readonly accessKeyId: string
  /** `20261125`; the first part of `time`. */
  readonly date: string
  readonly region: string
  readonly service: string
  readonly signedHeaders: readonly string[]
  /** 64 hexadecimal digits. */
  readonly signature: string
  /** `20261125T093000Z`. */
  readonly time: string
  readonly timeEpochMs: number
  /** Presigned: how long the URL holds. Absent where the signature is in a header. */
  readonly expiresS?: number
}

/** `ALGORITHM` as SDKs name it; the asymmetric form (SigV4A) is another. */
const ALGORITHM = 'AWS4-HMAC-SHA256'

/**
 * What a request claims: undefined where it is not signed at all, null where what it says cannot be
 * read, or is said in two ways at once.
 */
export function readClaim({
  target,
  rawHeaders,
}: SignedRequest): SignatureClaim | undefined | null {
  const authorizations = valuesOf(rawHeaders, 'authorization')
  const query = queryOf(target)
  const inQuery = query !== undefined && query.has('X-Amz-Signature')
  if (query === undefined) return null
  const [authorization] = authorizations
  if (authorization?.startsWith('AWS4-') !== true) return inQuery ? fromQuery(query) : undefined
  return inQuery || authorizations.length > 1 ? null : fromHeader(authorization, rawHeaders)
}

const HEADER =
  /^AWS4-HMAC-SHA256 +Credential=([^,\s]+) *,\s*SignedHeaders=([^,\s]+) *,\s*Signature=([^,\s]+)$/

function fromHeader(authorization: string, rawHeaders: readonly string[]): SignatureClaim | null {
  const [, credential = '', signedHeaders = '', signature = ''] = HEADER.exec(authorization) ?? []
  const times = valuesOf(rawHeaders, 'x-amz-date')
  return times.length === 1
    ? toClaim({ credential, signedHeaders, signature, time: times[0] })
    : null
}

/** The five parameters of a presigned URL, each once. */
const PARAMETERS = ['Algorithm', 'Credential', 'SignedHeaders', 'Signature', 'Date', 'Expires']
const EXPIRES_S_MAX = 7 * 24 * 60 * 60

function fromQuery(query: URLSearchParams): SignatureClaim | null {
  const given = PARAMETERS.map((name) => query.getAll(`X-Amz-${name}`))
  if (given.some((values) => values.length !== 1)) return null
  const [algorithm, credential, signedHeaders, signature, time, expires = ''] = given.flat()
  if (algorithm !== ALGORITHM || !/^\d{1,6}$/.test(expires)) return null
  const expiresS = Number(expires)
  if (expiresS < 1 || expiresS > EXPIRES_S_MAX) return null
  const claim = toClaim({ credential, signedHeaders, signature, time })
  return claim && { ...claim, expiresS }
}

interface Parts {
  readonly credential: string | undefined
  readonly signedHeaders: string | undefined
  readonly signature: string | undefined
  readonly time: string | undefined
}

function toClaim({
  credential = '',
  signedHeaders = '',
  signature = '',
  time = '',
}: Parts): SignatureClaim | null {
  const [accessKeyId = '', date, region = '', service = '', end, more] = credential.split('/')
  const timeEpochMs = epochMsOf(time)
  const names = signedHeaders.split(';')
  const isWhole =
    end === 'aws4_request' &&
    more === undefined &&
    date === time.slice(0, 8) &&
    !Number.isNaN(timeEpochMs) &&
    /^[0-9a-f]{64}$/.test(signature) &&
    isStrictlySorted(names)
  if (!isWhole) return null
  return { accessKeyId, date, region, service, signedHeaders: names, signature, time, timeEpochMs }
}

/** NaN for what is no time of the basic form, or none of any calendar. */
function epochMsOf(time: string): number {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(time) ?? []
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
}

/** As they must be written; and so none is there twice. */
function isStrictlySorted(names: readonly string[]): boolean {
  return names.every(
    (name, i) =>
      name !== '' && name === name.toLowerCase() && (i === 0 || (names[i - 1] ?? '') < name),
  )
}

/** Undefined where an escape in it cannot be read. */
function queryOf(target: string): URLSearchParams | undefined {
  const mark = target.indexOf('?')
  const text = mark === -1 ? '' : target.slice(mark + 1)
  return /%(?![0-9a-f]{2})/i.test(text) ? undefined : new URLSearchParams(text)
}
