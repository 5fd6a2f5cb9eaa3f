import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Where an environment says which invocation's handler it is about to call, and is told which it
 * must not call: eight bytes in a file without a name, inherited as fd 5.
 *
 * What a process has written there is in the kernel before its handler runs, and stays when the
 * process is killed; so once it is reaped, a mark that is not there is the proof that the handler
 * never began. A frame on the pipe would prove the same, but would wake the server for every
 * invocation, which on a shared core costs more than the handler (`bench/README.md`).
 *
 * Invocations that were delivered ahead can be taken back. The environment marks first and looks at
 * what is revoked after; the server revokes first and looks at the mark after. So at least one of
 * them sees the other: what the mark has not reached when the server looks will never begin.
 */
export interface StartMark {
  /** To hand to the process. */
  readonly fd: number
  /** The number of the last invocation that was marked; 0 before the first. */
  read(): number
  /** Forbids every invocation up to this number that is not marked yet. */
  revokeThrough(seq: number): void
  close(): void
}

/** The environment's own end of it. */
export const START_MARK_FD = 5
export const MARK_OFFSET = 0
export const REVOKED_OFFSET = 4

/** Memory where there is such a folder; else a file that the system may write back at leisure. */
const FOLDER = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

export function createStartMark(): StartMark {
  const path = join(FOLDER, `spillway-${crypto.randomUUID()}`)
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600)
  unlinkSync(path)
  const word = Buffer.alloc(4)
  writeSync(fd, Buffer.alloc(8), 0, 8, 0)
  return {
    fd,
    read() {
      readSync(fd, word, 0, 4, MARK_OFFSET)
      return word.readUInt32LE()
    },
    revokeThrough(seq) {
      word.writeUInt32LE(seq)
      writeSync(fd, word, 0, 4, REVOKED_OFFSET)
    },
    close: () => closeSync(fd),
  }
}
