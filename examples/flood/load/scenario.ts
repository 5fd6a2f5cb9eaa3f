/** What happens to a server, in one place. Times are milliseconds since the users begin to come. */
export interface Scenario {
  readonly seed: number
  /** Of 1: what the slots of the policies are multiplied by. */
  readonly size: number
  readonly userRequests: number
  readonly usersPerSecond: number
  /** How long a user's request takes, evenly between the two. */
  readonly userMs: readonly [number, number]
  /** How many functions the users call. */
  readonly userFunctions: number
  readonly burstAtMs: number
  /** Jobs come in over this long: nobody opens a thousand connections in one instant. */
  readonly burstMs: number
  readonly jobs: number
  /** How long a job takes: between the two, and short ones are more common. */
  readonly jobMs: readonly [number, number]
  /** What a refused job waits before it is sent again, as a queue would have it. */
  readonly retryMs: readonly [number, number]
  /** Environments to have before the figures count, for each function. */
  readonly warm: { readonly user: number; readonly etl: number }
  readonly sampleMs: number
  /** Length of a bar in the charts. */
  readonly binMs: number
}

const FULL = {
  userRequests: 20_000,
  usersPerSecond: 130,
  userFunctions: 20,
  burstAtMs: 15_000,
  burstMs: 1000,
  jobs: 1000,
  jobMs: [2000, 5000],
  retryMs: [1000, 21_000],
  etlEnvironments: 50,
  sampleMs: 250,
  binMs: 1000,
} as const

/** One function of the users has 1.5 requests at once on average, and hardly ever more than this. */
const USER_ENVIRONMENTS = 8
const SAMPLE_MS_MIN = 50
const BIN_MS_MIN = 100

/**
 * The scenario, or a small form of it: `scale` times as long, and as large as the root of that. The
 * users' requests keep their durations, so that they need the same share of the slots.
 */
export function toScenario(scale: number, seed: number): Scenario {
  const size = Math.sqrt(scale)
  const shorter = ([min, max]: readonly [number, number]): [number, number] => [
    min * scale,
    max * scale,
  ]
  return {
    seed,
    size,
    userRequests: Math.round(FULL.userRequests * size * scale),
    usersPerSecond: FULL.usersPerSecond * size,
    userMs: [50, 400],
    userFunctions: Math.ceil(FULL.userFunctions * size),
    burstAtMs: FULL.burstAtMs * scale,
    burstMs: FULL.burstMs * scale,
    jobs: Math.round(FULL.jobs * size),
    jobMs: shorter(FULL.jobMs),
    retryMs: shorter(FULL.retryMs),
    warm: { user: USER_ENVIRONMENTS, etl: Math.ceil(FULL.etlEnvironments * size) },
    sampleMs: Math.max(SAMPLE_MS_MIN, FULL.sampleMs * scale),
    binMs: Math.max(BIN_MS_MIN, FULL.binMs * scale),
  }
}
