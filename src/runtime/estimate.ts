/** A running mean that follows what changes: each new value counts for a tenth. */
export interface Estimate {
  /** Undefined before the first value. */
  readonly mean: number | undefined
  add(value: number): void
}

const WEIGHT = 0.1

export function createEstimate(): Estimate {
  return new Mean()
}

/** A class, as every function has two of them, called or not. */
class Mean implements Estimate {
  mean: number | undefined

  add(value: number): void {
    this.mean = this.mean === undefined ? value : this.mean + (value - this.mean) * WEIGHT
  }
}
