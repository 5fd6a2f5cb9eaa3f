import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { SpillwayError } from '../lib/errors.ts'
import type { SavedChange, SavedLimits } from '../gate/limits/saved-changes.ts'
import { CHANGE, describeIssue } from './limits.ts'

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
  return { changes: load(path), save: (changes) => save(directory, path, changes) }
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

/** Whole or not at all, whatever happens meanwhile: written beside it, then put in its place. */
function save(directory: string, path: string, changes: readonly SavedChange[]): void {
  const beside = `${path}.${process.pid}.tmp`
  try {
    mkdirSync(directory, { recursive: true })
    const file = openSync(beside, 'w', 0o600)
    try {
      writeSync(file, `${JSON.stringify({ version: 1, changes }, null, 2)}\n`)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(beside, path)
  } catch (error) {
    throw wrong(`cannot save limits, and nothing has changed: ${(error as Error).message}`)
  }
}

function wrong(message: string): SpillwayError {
  return new SpillwayError('SPILLWAY_LIMITS', message)
}
