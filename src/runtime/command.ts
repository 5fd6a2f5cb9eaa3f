import { fileURLToPath } from 'node:url'
import type { FunctionDefinition } from '../model/app.ts'
import { boundsOf, layerRoots } from './bounds.ts'
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

/** Beside this file: TypeScript from the sources; when built one file, which starts in half the time. */
const BOOTSTRAP = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts') ? './bootstrap/node.ts' : './bootstrap/node.cjs',
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
  const keeps = keepsOwnUser(fn, around)
  if (isProvided(fn.runtime)) return providedCommand(fn, around, keeps)
  return isPython(fn) ? pythonCommand(fn, around, keeps) : nodeCommand(fn, around, keeps)
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

/** Whether its processes run under the server's own user, although they could have their own. */
function keepsOwnUser({ name }: FunctionDefinition, { keepUser }: Surroundings): boolean {
  return keepUser?.has(name) === true
}

/** What V8 reserves at its start and never touches: some 560 MB of Node 24. */
const V8_RESERVED_MB = 576

function nodeCommand(
  fn: FunctionDefinition,
  around: Surroundings,
  keepsUser: boolean,
): EnvironmentCommand {
  const { command } = findNode(fn.runtime, process.env)
  const bounds = boundsOf(fn, keepsUser, {
    needs: [command, BOOTSTRAP],
    reservedMb: V8_RESERVED_MB,
  })
  return {
    channel: 'lean',
    command,
    args: [`--max-old-space-size=${fn.memoryMb}`, BOOTSTRAP],
    cwd: fn.taskRoot,
    env: environmentVariables(fn, around, layerRoots(fn, bounds)),
    bounds,
  }
}
