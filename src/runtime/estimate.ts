/** A running mean that follows what changes: each new value counts for a tenth. */
export interface Estimate {
  /** Undefined before the first value. */
  readonly mean: number | undefined
  add(value: number): void
}

const WEIGHT = 0.1

export function createEstimate(): Estimate {
  let mean: number | undefined
  return {
    get mean() {
      return mean
    },
    add(value) {
      mean = mean === undefined ? value : mean + (value - mean) * WEIGHT
    },
  }
}
