import { closeSync, constants, existsSync, openSync, readSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Where an environment says which invocation's handler it is about to call: four bytes in a file
 * without a name, inherited as fd 5.
 *
 * What a process has written there is in the kernel before its handler runs, and stays when the
 * process is killed; so once it is reaped, a mark that is not there is the proof that the handler
 * never began. A frame on the pipe would prove the same, but would wake the server for every
 * invocation, which on a shared core costs more than the handler (`bench/README.md`).
 */
export interface StartMark {
  /** To hand to the process. */
  readonly fd: number
  /** The number of the last invocation that began; 0 before the first. */
  read(): number
  close(): void
}

/** Memory where there is such a folder; else a file that the system may write back at leisure. */
const FOLDER = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

export function createStartMark(): StartMark {
  const path = join(FOLDER, `spillway-${crypto.randomUUID()}`)
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600)
  unlinkSync(path)
  const bytes = Buffer.alloc(4)
  return {
    fd,
    read: () => (readSync(fd, bytes, 0, 4, 0) === 4 ? bytes.readUInt32LE() : 0),
    close: () => closeSync(fd),
  }
}
