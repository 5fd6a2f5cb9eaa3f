import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { FunctionError, Outcome } from '../../src/invoke/invocation.ts'
import type { FunctionDefinition } from '../../src/model/app.ts'
import { findPython } from '../../src/runtime/find-python.ts'
import { openRig, type Rig, type RigOptions } from './rig.ts'

/** `python3.9` and so on, as far as this machine has them and functions may run them. */
const HERE = Array.from({ length: 22 }, (_, n) => `python3.${n + 9}`).filter(
  (runtime) => findPython(runtime, '/', process.env)?.exact === true,
)

/** The oldest and the newest Python that is here; empty, and said loudly, where there is none. */
export const PYTHONS: readonly string[] = [...new Set([HERE.at(0), HERE.at(-1)])].filter(
  (runtime) => runtime !== undefined,
)
if (PYTHONS.length === 0) console.log('!! SKIPPED: Python functions: needs Python 3.9 or later')

/**
 * The twin of `EFFECTS`: leaves `start <id> <pid>` and `end <id> <pid>` in a file. With `act: 'loop'`
 * it never ends; with `hold` it ends once a file of that name is there.
 */
export const PYTHON_EFFECTS = `
import os, time
def at(name):
    return os.path.join(os.environ["FOLDER"], name)
def say(what, id):
    with open(at("effects"), "a") as file:
        file.write(f"{what} {id} {os.getpid()}\\n")
def handler(event, context):
    say("start", event["id"])
    while event.get("act") == "loop":
        pass
    while event.get("hold") and not os.path.exists(at(event["hold"])):
        time.sleep(0.005)
    say("end", event["id"])
    return os.getpid()
`

/** A rig of one Python function, whose `app.py` is given. */
export function openPythonRig(
  t: TestContext,
  runtime: string,
  source: string,
  given: Partial<FunctionDefinition> & Pick<RigOptions, 'clock' | 'files'> = {},
): Rig {
  const { clock, files, ...fn } = given
  return openRig(t, {
    ...(clock === undefined ? {} : { clock }),
    files: { 'app.py': source, ...files },
    functions: [{ name: 'effect', runtime, handler: 'app.handler', ...fn }],
  })
}

/** The error of an invocation, as its caller sees it. */
export function errorOf(outcome: Outcome): FunctionError {
  assert.ok('error' in outcome, JSON.stringify(outcome))
  return outcome.error
}

/** As the bytes that the caller gets. */
export function textOf({ json }: FunctionError): string {
  return Buffer.from(json).toString()
}

/** What the function itself wrote while it ran. */
export function linesOf(rig: Rig): string[] {
  return rig.lines.filter(({ platform }) => !platform).map(({ text }) => text)
}
