import type { Failure } from './protocol.ts'

const SQLITE_FULL = 13
/** SQLite tells of a disk that is full in the middle of a write so, too. */
const ENOSPC = /\bdisk is full\b/

export function notFound(queue: string): Failure {
  return { code: 'SPILLWAY_QUEUE_NOT_FOUND', message: `there is no queue ${queue}` }
}

export function diskFull(): Failure {
  return {
    code: 'SPILLWAY_DISK_FULL',
    message:
      'the disk of the data directory is full: nothing was sent; make room, or receive what there is',
  }
}

export function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return (error as { errcode?: number }).errcode === SQLITE_FULL || ENOSPC.test(error.message)
}
