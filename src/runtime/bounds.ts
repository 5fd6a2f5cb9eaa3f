import { isAbsolute } from 'node:path'
import type { FunctionDefinition } from '../model/app.ts'
import type { EnvironmentCommand } from './command.ts'
import { canMount } from './launch/command-line.ts'
import { findLauncher, hides, type Bounds } from './launch/launcher.ts'
import { handlerFiles } from './launch/readable.ts'

/** What the interpreter of a function is like. */
export interface Interpreting {
  /** Its files. */
  readonly needs: readonly string[]
  /** Address space that it reserves and never touches. */
  readonly reservedMb: number
}

/**
 * How far the processes of a function are confined on this machine. What they need is never hidden: a
 * service that lies in `/tmp` shares that with the others.
 */
export function boundsOf(
  fn: FunctionDefinition,
  keepsUser: boolean,
  { needs, reservedMb }: Interpreting,
): Bounds {
  const { means } = findLauncher()
  const needed = [...needs, fn.taskRoot]
  const canHaveOpt = fn.layers.length > 0 && canMount(fn.layers, means) && !hides('/opt', needed)
  return {
    memoryMb: fn.memoryMb,
    reservedMb,
    ownUser: means.users && !keepsUser,
    ownTmp: means.mounts !== undefined && !hides('/tmp', [...needed, ...fn.layers]),
    opt: canHaveOpt ? fn.layers : [],
  }
}

/** Where a process finds the content of the layers: the first wins. */
export function layerRoots({ layers }: FunctionDefinition, { opt }: Bounds): readonly string[] {
  return opt.length > 0 || layers.length === 0 ? ['/opt'] : layers.toReversed()
}

/** What the processes of a function must be able to read. */
export function filesOf(fn: FunctionDefinition, { command, args }: EnvironmentCommand): string[] {
  const own = [command, ...args].filter((each) => isAbsolute(each))
  return [...own, fn.taskRoot, ...handlerFiles(fn.taskRoot, fn.handler), ...fn.layers]
}
