import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { SpillwayError } from '../lib/errors.ts'
import type { SavedChange, SavedLimits } from '../gate/limits/saved-changes.ts'
import { CHANGE, describeIssue } from './limits.ts'
import { writeWhole } from '../lib/whole-file.ts'

const FILE = 'limits.json'

const File = v.strictObject({
  version: v.literal(1),
  changes: v.array(v.strictObject({ ...CHANGE, by: v.string(), savedAt: v.string() })),
})

/**
 * The live changes of limits that survive a restart, in `limits.json` of the data directory.
 * @throws {SpillwayError} SPILLWAY_LIMITS when there is such a file and it cannot be used.
 */
export function openSavedLimits(directory: string): SavedLimits {
  const path = join(directory, FILE)
  return { changes: load(path), save: (changes) => save(directory, changes) }
}

function load(path: string): readonly SavedChange[] {
  const text = read(path)
  if (text === undefined) return []
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), File), text)
  if (parsed.success) return parsed.output.changes
  const why = describeIssue(parsed.issues[0])
  throw wrong(`${path} holds no saved limits: ${why}; mend it, or remove it to start without`)
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw wrong(`cannot read the saved limits: ${(error as Error).message}`)
  }
}

function save(directory: string, changes: readonly SavedChange[]): void {
  try {
    writeWhole(directory, FILE, `${JSON.stringify({ version: 1, changes }, null, 2)}\n`)
  } catch (error) {
    throw wrong(`cannot save limits, and nothing has changed: ${(error as Error).message}`)
  }
}

function wrong(message: string): SpillwayError {
  return new SpillwayError('SPILLWAY_LIMITS', message)
}
