import type { FunctionLimits } from './limits.ts'

/** How many environments of a function are to be kept warm: its own and those of its versions. */
export function provisionedOf({
  provisionedConcurrency = 0,
  versions = {},
}: FunctionLimits): number {
  return Object.values(versions).reduce(
    (sum, version) => sum + version.provisionedConcurrency,
    provisionedConcurrency,
  )
}
