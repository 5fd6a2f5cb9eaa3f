/** The ends of an interval of probabilities. */
export interface Interval {
  readonly low: number
  readonly high: number
}

/**
 * The exact interval (Clopper–Pearson) for the probability of what happened `count` times in `trials`:
 * it holds the true one in at least 95 of 100 such histories, however rare the event.
 */
export function exactInterval(count: number, trials: number): Interval {
  if (trials === 0) return { low: 0, high: 1 }
  const tail = 0.025
  const low = count === 0 ? 0 : solve((p) => incompleteBeta(count, trials - count + 1, p), tail)
  const high =
    count === trials ? 1 : solve((p) => incompleteBeta(count + 1, trials - count, p), 1 - tail)
  return { low, high }
}

/** Where a function that grows from 0 to 1 on [0, 1] has this value; exact to the last digits of tiny p too. */
function solve(grows: (p: number) => number, value: number): number {
  let low = 0
  let high = 1
  for (;;) {
    const middle = (low + high) / 2
    if (middle <= low || middle >= high || high - low < high * 1e-12) return middle
    if (grows(middle) < value) low = middle
    else high = middle
  }
}

/** The regularised incomplete beta function I_x(a, b): the chance of at least `a` in `a + b - 1` trials. */
export function incompleteBeta(a: number, b: number, x: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  const front = Math.exp(
    logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x),
  )
  // The fraction converges fast on one side of the mean; on the other the symmetry helps.
  return x < (a + 1) / (a + b + 2)
    ? (front * betaFraction(a, b, x)) / a
    : 1 - (front * betaFraction(b, a, 1 - x)) / b
}

const TINY = 1e-300
const STEPS_MAX = 100_000

/** Its continued fraction, by the modified method of Lentz. */
function betaFraction(a: number, b: number, x: number): number {
  let c = 1
  let d = 1 / notZero(1 - ((a + b) * x) / (a + 1))
  let result = d
  for (let m = 1; m < STEPS_MAX; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / notZero(1 + even * d)
    c = notZero(1 + even / c)
    result *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / notZero(1 + odd * d)
    c = notZero(1 + odd / c)
    const step = d * c
    result *= step
    if (Math.abs(step - 1) < 1e-14) break
  }
  return result
}

function notZero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value
}

/** Lanczos's coefficients for g = 7. */
const LANCZOS = [
  676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
  -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
]

function logGamma(x: number): number {
  const t = x - 1 + 7.5
  const sum = LANCZOS.reduce((all, each, at) => all + each / (x + at), 0.9999999999998099)
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum)
}
