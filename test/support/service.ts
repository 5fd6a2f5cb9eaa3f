import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'

/** Files by path. */
export type Files = Readonly<Record<string, string>>

/** A folder of these files, as a user would have it; gone after the test. */
export function makeFolder(t: TestContext, files: Files = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-e2e-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  chmodSync(folder, 0o777) // Functions may run under users of their own.
  writeFiles(folder, files)
  return folder
}

export function writeFiles(folder: string, files: Files): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}
