import { fileURLToPath } from 'node:url'
import type { FunctionDefinition } from '../model/app.ts'
import { findPython } from './find-python.ts'
import { findNode } from './interpreter.ts'
import type { ProcessCommand } from './process.ts'
import { isProvided, providedCommand } from './provided-command.ts'
import { pythonCommand, pythonMissing } from './python-command.ts'
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

/** What a function of any language can be brought as. */
const UNSERVED_WAY = ', but a program of its own is: a bootstrap, and the runtime provided.al2023'

/** Whether there is a way to run functions of this runtime. */
export function isServed(fn: FunctionDefinition): boolean {
  return unservedReason(fn) === undefined
}

/** Why functions of this runtime cannot run here, as the end of a sentence; undefined where they can. */
export function unservedReason(fn: FunctionDefinition): string | undefined {
  if (isNode(fn) || isProvided(fn.runtime)) return undefined
  if (isPython(fn)) return pythonMissing(fn)
  return `its runtime ${fn.runtime} is not served yet${UNSERVED_WAY}`
}

/** What starts an environment of a function that `isServed`. */
export function environmentCommand(
  fn: FunctionDefinition,
  around: Surroundings,
): EnvironmentCommand {
  if (isProvided(fn.runtime)) return providedCommand(fn, around)
  return isPython(fn) ? pythonCommand(fn, around) : nodeCommand(fn, around)
}

/**
 * How many invocations one environment of a function runs at the same time: Python runs one, and
 * has one process more for each further one.
 */
export function concurrencyOf(fn: FunctionDefinition): number {
  return isPython(fn) ? 1 : fn.environmentConcurrency
}

/** What is worth saying about the interpreter of a function that `isServed`; undefined for nothing. */
export function interpreterNote(fn: FunctionDefinition): string | undefined {
  if (isProvided(fn.runtime)) return undefined
  const interpreter = isPython(fn)
    ? findPython(fn.runtime, fn.taskRoot, process.env)
    : findNode(fn.runtime, process.env)
  if (interpreter === undefined || interpreter.exact) return undefined
  return `${fn.runtime} is not installed here; its functions run on ${interpreter.command}`
}

function isNode({ runtime }: FunctionDefinition): boolean {
  return runtime.startsWith('nodejs')
}

function isPython({ runtime }: FunctionDefinition): boolean {
  return runtime.startsWith('python3.')
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
