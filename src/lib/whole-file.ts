import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Writes a file whole or not at all, whatever happens meanwhile: beside it, then put in its place.
 * @throws {Error} of the file system; then what was there is there still.
 */
export function writeWhole(directory: string, name: string, text: string): void {
  const path = join(directory, name)
  const beside = `${path}.${process.pid}.tmp`
  mkdirSync(directory, { recursive: true })
  const file = openSync(beside, 'w', 0o600)
  try {
    writeSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(beside, path)
}
