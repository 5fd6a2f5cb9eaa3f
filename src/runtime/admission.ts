import { SpillwayError } from '../lib/errors.ts'
import type { FunctionDefinition } from '../model/app.ts'
import { filesOf } from './bounds.ts'
import { environmentCommand, isServed } from './command.ts'
import { findLauncher } from './launch/launcher.ts'
import { createReadableCheck } from './launch/readable.ts'
import type { Surroundings } from './variables.ts'

/**
 * Where environments have users of their own: the functions that those cannot read. In `dev` they keep
 * the server's own user, and `onNote` says so once for each folder.
 * @throws {SpillwayError} SPILLWAY_UNREADABLE in `start`, naming the path.
 */
export function findUnreadable(
  functions: readonly FunctionDefinition[],
  around: Surroundings,
  onNote: (message: string) => void,
): ReadonlySet<string> {
  const { means } = findLauncher()
  const unreadable = new Set<string>()
  if (!means.users) return unreadable
  const check = createReadableCheck()
  const told = new Set<string>()
  for (const fn of functions) {
    if (!isServed(fn)) continue
    const barred = check.firstBarred(filesOf(fn, environmentCommand(fn, around)))
    if (barred === undefined) continue
    if (around.mode === 'start') throw refusal(fn, barred)
    unreadable.add(fn.name)
    if (told.has(barred)) continue
    told.add(barred)
    onNote(
      `functions run as root: a user of their own could not read ${barred}; \`start\` will refuse this`,
    )
  }
  return unreadable
}

function refusal(fn: FunctionDefinition, path: string): SpillwayError {
  return new SpillwayError(
    'SPILLWAY_UNREADABLE',
    `${fn.name} cannot run under a user of its own, which could not read ${path}; let others read it (chmod o+rX), or start Spillway as another user than root`,
  )
}
