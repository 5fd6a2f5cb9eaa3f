/** The value below which so many of a hundred lie. NaN of nothing. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? NaN
}

/** The exact 95 % interval of a rate, per invocation, of which `count` were seen: Poisson's. */
export function rateInterval(count: number, invocations: number): string {
  const show = (events: number): string => (events / invocations).toExponential(1)
  if (count === 0) return `0 of ${invocations}: below ${show(3)} (95 %)`
  // Bounds where the chance of as few, or as many, is 2.5 %.
  const low = solve((mean) => 1 - atMost(count - 1, mean) - 0.025)
  const high = solve((mean) => 0.025 - atMost(count, mean))
  return `${count} of ${invocations}: ${show(low)} to ${show(high)} (95 %)`
}

/** Poisson: the chance of this many or fewer. */
function atMost(count: number, mean: number): number {
  let term = -mean
  let sum = 0
  for (let i = 0; i <= count; i++) {
    if (i > 0) term += Math.log(mean / i)
    sum += Math.exp(term)
  }
  return sum
}

/** The root of a function that grows. */
function solve(f: (mean: number) => number): number {
  let [low, high] = [1e-9, 1e7]
  for (let i = 0; i < 200; i++) {
    const middle = Math.sqrt(low * high)
    if (f(middle) > 0) high = middle
    else low = middle
  }
  return low
}

/** How fast it grows, by least squares. */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (pick: 0 | 1): number =>
    points.reduce((sum, point) => sum + point[pick], 0) / points.length
  const [meanX, meanY] = [mean(0), mean(1)]
  let [above, below] = [0, 0]
  for (const [x, y] of points) {
    above += (x - meanX) * (y - meanY)
    below += (x - meanX) ** 2
  }
  return above / below
}
