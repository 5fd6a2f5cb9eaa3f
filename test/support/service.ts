import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** Files by path. */
export type Files = Readonly<Record<string, string>>

const folders: string[] = []
// Not after each test: what runs in a folder ends first, and hooks are called in the other order.
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/**
 * A folder of these files, as a user would have it; gone after the tests. A service in `/tmp` shares
 * that with others: elsewhere its environments have a `/tmp` of their own.
 */
export function makeFolder(files: Files = {}, root: string = tmpdir()): string {
  const folder = mkdtempSync(join(root, 'spillway-e2e-'))
  folders.push(folder)
  chmodSync(folder, 0o777) // Functions may run under users of their own.
  writeFiles(folder, files)
  return folder
}

export function writeFiles(folder: string, files: Files): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
    // What one user's environment has written another's goes on with.
    chmodSync(join(folder, path), 0o777)
  }
}
