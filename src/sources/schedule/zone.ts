/** A time zone: what its clocks show when. */
export interface Zone {
  /** What a clock there shows at a moment, as milliseconds since 1970. */
  toLocalMs(ms: number): number
  /**
   * The moment at which a clock there shows this: the first, where it shows it twice; undefined where
   * it never does, because clocks were put forward.
   */
  fromLocalMs(localMs: number): number | undefined
}

const DAY_MS = 86_400_000

const UTC: Zone = { toLocalMs: (ms) => ms, fromLocalMs: (localMs) => localMs }

/** The zone of an IANA name such as `Europe/Berlin`; undefined where there is none. */
export function zoneOf(name: string): Zone | undefined {
  if (/^(?:Etc\/)?UTC$/.test(name)) return UTC
  const format = formatOf(name)
  if (format === undefined) return undefined
  const toLocalMs = (ms: number): number => {
    const seconds = Math.floor(ms / 1000)
    return localSecondsOf(format, seconds) * 1000 + (ms - seconds * 1000)
  }
  return { toLocalMs, fromLocalMs: (localMs) => fromLocalMs(localMs, toLocalMs) }
}

function formatOf(name: string): Intl.DateTimeFormat | undefined {
  // Offsets such as +02:00 are zones to JavaScript, and to nobody else.
  if (!/^[A-Za-z]/.test(name)) return undefined
  const two = '2-digit'
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: two,
      day: two,
      hour: two,
      minute: two,
      second: two,
    })
  } catch {
    return undefined
  }
}

function localSecondsOf(format: Intl.DateTimeFormat, seconds: number): number {
  const parts = new Map(
    format.formatToParts(seconds * 1000).map(({ type, value }) => [type, Number(value)]),
  )
  const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0
  const date = Date.UTC(part('year'), part('month') - 1, part('day'))
  return date / 1000 + part('hour') * 3600 + part('minute') * 60 + part('second')
}

/** Clocks are changed at most once in two days: the offsets of a day before and after are all there are. */
function fromLocalMs(localMs: number, toLocalMs: (ms: number) => number): number | undefined {
  const moments = [localMs - DAY_MS, localMs + DAY_MS].map((ms) => localMs - (toLocalMs(ms) - ms))
  const shown = moments.filter((ms) => toLocalMs(ms) === localMs)
  return shown.length === 0 ? undefined : Math.min(...shown)
}
