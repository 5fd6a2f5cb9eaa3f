import { SpillwayError } from '../lib/errors.ts'
import { isTest, parseFailpoints } from './failpoints.ts'

/**
 * Refuses a server that was told to fail and is not under test.
 * @throws {SpillwayError} SPILLWAY_USAGE, also for failpoints that cannot be read.
 */
export function checkFailpoints(env: NodeJS.ProcessEnv): void {
  const text = env['SPILLWAY_FAIL']
  if (text === undefined) return
  if (!isTest(env)) {
    throw new SpillwayError(
      'SPILLWAY_USAGE',
      'SPILLWAY_FAIL makes environments fail on purpose, which only a test wants: unset it, or set SPILLWAY_TEST=1 too',
    )
  }
  try {
    parseFailpoints(text)
  } catch (error) {
    throw new SpillwayError('SPILLWAY_USAGE', (error as Error).message)
  }
}
