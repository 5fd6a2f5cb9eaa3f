const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}

/**
 * `250ms`, `2s`, `1.5m`, `1h`, `0` or a number of seconds (as manifests write timeouts), in
 * milliseconds; undefined for anything else.
 */
export function parseDurationMs(value: unknown): number | undefined {
  if (typeof value === 'number') return value >= 0 ? value * 1000 : undefined
  if (typeof value !== 'string') return undefined
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)?$/.exec(value.trim())
  if (match === null) return undefined
  return Number(match[1]) * (UNITS_MS[match[2] ?? 's'] ?? 1000)
}

/** `0.4 s`, `14 ms`, `2 min`: a duration for people. */
export function formatDuration(ms: number): string {
  // Rounded first: what rounds up to a unit is shown in it.
  if (Math.round(ms) < 1000) return `${Math.round(ms)} ms`
  const seconds = Number((ms / 1000).toFixed(1))
  if (seconds < 60) return `${seconds} s`
  return `${Number((ms / 60_000).toFixed(1))} min`
}

/** `30m`, `2s`, `250ms`: a duration as people write it, and as `parseDurationMs` reads it. */
export function writeDuration(ms: number): string {
  const fitting = Object.entries(UNITS_MS).filter(([, unitMs]) => ms > 0 && ms % unitMs === 0)
  const [unit, unitMs] = fitting.at(-1) ?? ['ms', 1]
  return `${ms / unitMs}${unit}`
}
