const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** The last second that was asked for: under load they nearly all fall in the same one. */
let cachedSecond = Number.NaN
let cachedText = ''

/** `10/Jul/2026:19:19:05 +0000`: Common Log Format in UTC, as `requestTime` and `time` have it. */
export function requestTime(epochMs: number): string {
  const second = Math.floor(epochMs / 1000)
  if (second !== cachedSecond) {
    cachedText = format(new Date(epochMs))
    cachedSecond = second
  }
  return cachedText
}

function format(date: Date): string {
  const day = two(date.getUTCDate())
  const month = MONTHS[date.getUTCMonth()]
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(':')
  return `${day}/${month}/${date.getUTCFullYear()}:${time} +0000`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
