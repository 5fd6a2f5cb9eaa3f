import { accessSync, constants, statSync } from 'node:fs'

/**
 * Why a bootstrap cannot be started, in Lambda's words; undefined where it seems that it can. To be
 * asked before, or with `failed` after the system has refused it: then it is no program for this
 * machine, or what its first line names is not there.
 */
export function entrypointProblem(path: string, failed: boolean): string | undefined {
  if (!isFile(path)) return "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"
  try {
    accessSync(path, constants.X_OK)
  } catch {
    return 'fork/exec /var/task/bootstrap: permission denied'
  }
  return failed ? 'fork/exec /var/task/bootstrap: exec format error' : undefined
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}
