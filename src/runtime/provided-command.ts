import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { FunctionDefinition } from '../model/app.ts'
import { boundsOf, layerRoots } from './bounds.ts'
import type { EnvironmentCommand } from './command.ts'
import { environmentVariables, type Surroundings } from './variables.ts'

/** Runtimes whose functions bring their own program: `provided.*`, and the older name of Go's. */
export function isProvided(runtime: string): boolean {
  return runtime.startsWith('provided') || runtime === 'go1.x'
}

/** What starts an environment that calls the Runtime API by itself. */
export function providedCommand(
  fn: FunctionDefinition,
  around: Surroundings,
  keepsUser: boolean,
): EnvironmentCommand {
  const command = findBootstrap(fn)
  const bounds = boundsOf(fn, keepsUser, { needs: [command], reservedMb: 0 })
  return {
    channel: 'runtime-api',
    command,
    args: [],
    cwd: fn.taskRoot,
    env: environmentVariables(fn, around, layerRoots(fn, bounds)),
    bounds,
  }
}

/** The function's own, else that of a layer, where a later one lies on top; its own where there is none. */
function findBootstrap({ taskRoot, layers }: FunctionDefinition): string {
  const candidates = [taskRoot, ...layers.toReversed()].map((folder) => join(folder, 'bootstrap'))
  return candidates.find((path) => existsSync(path)) ?? join(taskRoot, 'bootstrap')
}
