import { ManifestError, type SpillwayError } from '../lib/errors.ts'

/** Says what is wrong, one sentence each, and exits with the code of the error. */
export function fail(error: SpillwayError): never {
  const lines = error instanceof ManifestError ? error.message : `spillway: ${error.message}`
  process.stderr.write(`${lines}\n`)
  process.exit(error.exitCode)
}
