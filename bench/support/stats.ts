/** The middle value, or the mean of the two middle ones. NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const low = sorted[Math.ceil(middle) - 1] ?? NaN
  const high = sorted[Math.floor(middle)] ?? NaN
  return (low + high) / 2
}

/** A figure over the rounds of a run. */
export interface Summary {
  readonly median: number
  readonly min: number
  readonly max: number
  /** How many samples it is made of. */
  readonly n: number
}

/** Median and range; undefined of nothing, because no figure is better than an invented one. */
export function summarize(values: readonly number[]): Summary | undefined {
  if (values.length === 0) return undefined
  return {
    median: median(values),
    min: Math.min(...values),
    max: Math.max(...values),
    n: values.length,
  }
}

/** `4 310 (3 900–4 800)`: median and range; a dash where nothing was measured. */
export function formatSummary(summary: Summary | undefined, digits: number = 0): string {
  if (summary === undefined) return '–'
  const { median: middle, min, max } = summary
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits }
  const show = (value: number): string =>
    value.toLocaleString('en-US', options).replaceAll(',', ' ')
  return `${show(middle)} (${show(min)}–${show(max)})`
}
