import { fileURLToPath } from 'node:url'
import type { FunctionDefinition } from '../model/app.ts'
import { findNode } from './interpreter.ts'
import type { ProcessCommand } from './process.ts'
import { environmentVariables, type Surroundings } from './variables.ts'

/** Beside this file and as this file: TypeScript from the sources, JavaScript when built. */
const BOOTSTRAP = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts') ? './bootstrap/node.ts' : './bootstrap/node.js',
    import.meta.url,
  ),
)

/** How an environment of a Node function is started. */
export function nodeCommand(fn: FunctionDefinition, around: Surroundings): ProcessCommand {
  return {
    command: findNode(fn.runtime, process.env).command,
    args: [`--max-old-space-size=${fn.memoryMb}`, BOOTSTRAP],
    cwd: fn.taskRoot,
    env: environmentVariables(fn, around),
  }
}
