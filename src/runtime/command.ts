import { fileURLToPath } from 'node:url'
import type { FunctionDefinition } from '../model/app.ts'
import { findNode } from './interpreter.ts'
import type { ProcessCommand } from './process.ts'
import { isProvided, providedCommand } from './provided-command.ts'
import { environmentVariables, type Surroundings } from './variables.ts'

/**
 * How the server and an environment understand each other. `lean`: frames, and the environment
 * builds the event from the request's pieces. `json`: frames that carry the event as JSON.
 * `runtime-api`: Lambda's HTTP protocol.
 */
export type Channel = 'lean' | 'json' | 'runtime-api'

/** How an environment of a function is started, and what it speaks. */
export interface EnvironmentCommand extends ProcessCommand {
  readonly channel: Channel
}

/** Beside this file and as this file: TypeScript from the sources, JavaScript when built. */
const BOOTSTRAP = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts') ? './bootstrap/node.ts' : './bootstrap/node.js',
    import.meta.url,
  ),
)

/** Whether there is a way to run functions of this runtime. */
export function isServed({ runtime }: FunctionDefinition): boolean {
  return runtime.startsWith('nodejs') || isProvided(runtime)
}

/** How many invocations one environment of it may run at the same time. */
export function concurrencyOf({ runtime, environmentConcurrency }: FunctionDefinition): number {
  // A Python process runs one at a time: more at once are more processes.
  return runtime.startsWith('python') ? 1 : environmentConcurrency
}

/** What starts an environment of a function that `isServed`. */
export function environmentCommand(
  fn: FunctionDefinition,
  around: Surroundings,
): EnvironmentCommand {
  return isProvided(fn.runtime) ? providedCommand(fn, around) : nodeCommand(fn, around)
}

function nodeCommand(fn: FunctionDefinition, around: Surroundings): EnvironmentCommand {
  return {
    channel: 'lean',
    command: findNode(fn.runtime, process.env).command,
    args: [`--max-old-space-size=${fn.memoryMb}`, BOOTSTRAP],
    cwd: fn.taskRoot,
    env: environmentVariables(fn, around),
  }
}
