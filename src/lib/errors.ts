/** Whose mistake an error is: the caller's, the function's, or ours. */
export type Fault = 'client' | 'function' | 'platform'

/**
 * Every error code there is, with its owner and the exit code of a command that ends by it
 * (1 runtime failure, 2 usage or configuration error, 4 the function failed).
 */
const CODES: Readonly<Record<ErrorCode, { fault: Fault; exitCode: number }>> = {
  SPILLWAY_MANIFEST: { fault: 'client', exitCode: 2 },
  SPILLWAY_USAGE: { fault: 'client', exitCode: 2 },
  SPILLWAY_LIMITS: { fault: 'client', exitCode: 2 },
  SPILLWAY_PORT_TAKEN: { fault: 'client', exitCode: 2 },
  SPILLWAY_EXPOSED: { fault: 'client', exitCode: 2 },
  SPILLWAY_FUNCTION_NOT_FOUND: { fault: 'client', exitCode: 2 },
  SPILLWAY_UNREADABLE: { fault: 'client', exitCode: 2 },
  SPILLWAY_QUEUE_NOT_FOUND: { fault: 'client', exitCode: 2 },
  SPILLWAY_DATA_DIR_TAKEN: { fault: 'client', exitCode: 2 },
  SPILLWAY_DISK_FULL: { fault: 'platform', exitCode: 1 },
  SPILLWAY_QUEUE_BROKEN: { fault: 'platform', exitCode: 1 },
  SPILLWAY_UNREACHABLE: { fault: 'client', exitCode: 1 },
}

/** A stable error code. */
export type ErrorCode =
  | 'SPILLWAY_MANIFEST'
  | 'SPILLWAY_USAGE'
  | 'SPILLWAY_LIMITS'
  | 'SPILLWAY_PORT_TAKEN'
  | 'SPILLWAY_EXPOSED'
  | 'SPILLWAY_FUNCTION_NOT_FOUND'
  | 'SPILLWAY_UNREADABLE'
  | 'SPILLWAY_QUEUE_NOT_FOUND'
  | 'SPILLWAY_DATA_DIR_TAKEN'
  | 'SPILLWAY_DISK_FULL'
  | 'SPILLWAY_QUEUE_BROKEN'
  | 'SPILLWAY_UNREACHABLE'

const BRAND = Symbol.for('spillway.error')

/**
 * An error with a stable code, written for the person who reads it. `is` checks a brand and not the
 * class, so two copies of the package agree.
 */
export class SpillwayError extends Error {
  override readonly name: string = 'SpillwayError'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    Object.defineProperty(this, BRAND, { value: true })
  }

  get fault(): Fault {
    return CODES[this.code].fault
  }

  /** What a command that ends by this error exits with. */
  get exitCode(): number {
    return CODES[this.code].exitCode
  }

  static is(value: unknown): value is SpillwayError {
    return typeof value === 'object' && value !== null && BRAND in value
  }
}

/** Where something stands in a file; line and column count from 1. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** One thing wrong with a file, or worth saying about it. */
export interface Problem {
  readonly place: Place
  /** One sentence: what was expected, what was found, what to do. */
  readonly message: string
}

/** `serverless.yml:41:7  expected …`: how a problem is printed. */
export function formatProblem({ place, message }: Problem): string {
  return `${place.file}:${place.line}:${place.column}  ${message}`
}

/** A manifest or `spillway.yml` that cannot be used, with every reason and its place. */
export class ManifestError extends SpillwayError {
  override readonly name: string = 'ManifestError'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super('SPILLWAY_MANIFEST', problems.map(formatProblem).join('\n'))
    this.problems = problems
  }
}

/** States what cannot be otherwise. @throws {Error} when it is otherwise after all: our own bug. */
export function assert(condition: unknown, why: string): asserts condition {
  if (!condition) throw new Error(`impossible: ${why}`)
}
