import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FunctionDefinition } from '../model/app.ts'
import { boundsOf, layerRoots } from './bounds.ts'
import type { EnvironmentCommand } from './command.ts'
import { findPython } from './find-python.ts'
import { environmentVariables, type Surroundings } from './variables.ts'

const BOOTSTRAP = fileURLToPath(new URL('./bootstrap/python.py', import.meta.url))

/**
 * As a module and not as the script: a module is kept compiled beside its source, which saves a
 * quarter of the start; and `multiprocessing` would run a script once more in each of its processes.
 */
const LAUNCH = 'import sys; sys.path.insert(0, sys.argv.pop()); from python import main; main()'

/** What starts an environment of a Python function. @throws {Error} where there is no Python. */
export function pythonCommand(
  fn: FunctionDefinition,
  around: Surroundings,
  keepsUser: boolean,
): EnvironmentCommand {
  const python = findPython(fn.runtime, fn.taskRoot, process.env)
  if (python === undefined) throw new Error(noPython(fn.runtime))
  const bounds = boundsOf(fn, keepsUser, { needs: [python.command, BOOTSTRAP], reservedMb: 0 })
  return {
    channel: 'json',
    command: python.command,
    args: ['-c', LAUNCH, dirname(BOOTSTRAP)],
    cwd: fn.taskRoot,
    env: { LC_CTYPE: 'C.UTF-8', ...environmentVariables(fn, around, layerRoots(fn, bounds)) },
    bounds,
  }
}

/** Why a Python function cannot run here: undefined where it can. */
export function pythonMissing({ runtime, taskRoot }: FunctionDefinition): string | undefined {
  return findPython(runtime, taskRoot, process.env) === undefined ? noPython(runtime) : undefined
}

function noPython(runtime: string): string {
  const variable = `SPILLWAY_PYTHON_${runtime.replace(/\D/g, '')}`
  return `there is no Python 3.9 or later here: install ${runtime}, or name it in ${variable}`
}
