import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { writeWhole } from '../../lib/whole-file.ts'

/** What is remembered of a schedule. */
export interface Remembered {
  /** What it was then: a changed schedule is a new one. */
  readonly timing: string
  /** When it was first seen, in milliseconds since 1970: rates count from here. */
  readonly sinceMs: number
  /** The last firing that was begun. */
  readonly lastMs?: number
}

/** What has fired, by schedule, also over a restart. */
export interface FiringRecord {
  get(name: string): Remembered | undefined
  /** Once it is durable, all of it: what is not named is forgotten. @throws {Error} of the file system. */
  save(schedules: ReadonlyMap<string, Remembered>): void
}

const FILE = 'schedules.json'

const File = v.strictObject({
  version: v.literal(1),
  schedules: v.record(
    v.string(),
    v.strictObject({
      timing: v.string(),
      sinceMs: v.number(),
      lastMs: v.exactOptional(v.number()),
    }),
  ),
})

/**
 * The record in `schedules.json` of the data directory; without one, nothing survives a restart. One
 * that cannot be read is told of and begun anew: at worst a firing of the last minute comes twice.
 */
export function openRecord(
  directory: string | undefined,
  onTrouble: (sentence: string) => void,
): FiringRecord {
  let known = directory === undefined ? new Map<string, Remembered>() : load(directory, onTrouble)
  return {
    get: (name) => known.get(name),
    save(schedules) {
      if (directory !== undefined) {
        const content = { version: 1, schedules: Object.fromEntries(schedules) }
        writeWhole(directory, FILE, `${JSON.stringify(content, undefined, 2)}\n`)
      }
      known = new Map(schedules)
    },
  }
}

function load(directory: string, onTrouble: (sentence: string) => void): Map<string, Remembered> {
  const path = join(directory, FILE)
  try {
    const { schedules } = v.parse(File, JSON.parse(readFileSync(path, 'utf8')))
    return new Map(Object.entries(schedules))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      onTrouble(
        `${path} does not say what has fired, and is begun anew: ${(error as Error).message}`,
      )
    }
    return new Map()
  }
}
