import process from 'node:process'

/**
 * What the bootstrap uses of the language and the process, as it was before the function's code could
 * change it. Some libraries do (mocks, instrumentation), and some handlers break what they touch: an
 * answer or a start mark must not depend on it.
 */
export const parseJson: (text: string) => unknown = JSON.parse
export const stringifyJson: (value: unknown) => string | undefined = JSON.stringify
export const nowMs: () => number = performance.now.bind(performance)
export const peakMemoryKib: () => number = (
  (usage) => () =>
    usage().maxRSS
)(process.resourceUsage.bind(process))

/** Ends the process at once, past all that listens to it. */
export const exitNow: (code: number) => never = (
  process as unknown as { reallyExit(code: number): never }
).reallyExit.bind(process)

/** What a process exits with whose code has closed the pipe, or broken what every answer needs. */
export const UNABLE_TO_ANSWER = 70
