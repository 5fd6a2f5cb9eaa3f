/** Numbers from 0 to 1, the same ones for the same seed: every policy meets the same traffic. */
export type Random = () => number

/** Mulberry32, which is enough for arrivals and durations. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Evenly between two bounds. */
export function between(random: Random, [min, max]: readonly [number, number]): number {
  return min + random() * (max - min)
}
