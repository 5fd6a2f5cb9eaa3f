import { closeSync, existsSync, mkdirSync, openSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { lockHolder } from './lock-holder.ts'
import type { OpenFailure } from './protocol.ts'
import { SCHEMA, SCHEMA_VERSION } from './schema.ts'
import { scanWal } from './wal-scan.ts'

/** The file of the queues, and the lock that goes with it. */
export interface OpenDatabase {
  readonly db: DatabaseSync
  close(): void
}

/** Why the queues cannot be opened, and what to do. Nothing was changed. */
export class OpenError extends Error {
  readonly code: OpenFailure

  constructor(code: OpenFailure, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export interface OpenOptions {
  readonly directory: string
  /** Go on although transactions in the log cannot be read any more. */
  readonly acceptWalLoss: boolean
}

export const QUEUE_FILE = 'queue.db'
/** Held while it is open: SQLite's own lock, on a file of its own. */
const LOCK_FILE = 'queue.lock'

/** Larger pages make fewer and longer writes: a third faster than SQLite's 4 KiB with a kilobyte a message. */
const PAGE_BYTES = 16_384

/** By their number in `statfs`: SQLite's log does not work on them. */
const NETWORK_FILE_SYSTEMS: Readonly<Record<number, string>> = {
  0x6969: 'NFS',
  0x517b: 'SMB',
  0xff534d42: 'CIFS',
  0xfe534d42: 'SMB',
}

/**
 * Opens the file of the queues, or makes it.
 * @throws {OpenError} where another process has it, or it is not what was written.
 */
export async function openDatabase(options: OpenOptions): Promise<OpenDatabase> {
  // Loaded only here: it is of Node 22 and later, and says so on older ones.
  const { DatabaseSync } = await import('node:sqlite')
  const { directory } = options
  const path = join(directory, QUEUE_FILE)
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  refuseNetwork(directory)
  const lock = takeLock(new DatabaseSync(ownFile(join(directory, LOCK_FILE))), directory)
  try {
    refuseLoss(path, options)
    const db = new DatabaseSync(ownFile(path))
    try {
      prepare(db, path)
    } catch (error) {
      db.close()
      throw damaged(path, error)
    }
    const close = (): void => {
      db.close()
      lock.close()
    }
    return { db, close }
  } catch (error) {
    lock.close()
    throw error
  }
}

/**
 * Makes the file, so that nobody else reads what is in it. One that is there is not touched: to close a
 * file gives up the locks that this process has on it.
 */
function ownFile(path: string): string {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return path
}

function refuseNetwork(directory: string): void {
  const name = NETWORK_FILE_SYSTEMS[statfsSync(directory).type]
  if (name === undefined) return
  throw new OpenError(
    'SPILLWAY_QUEUE_BROKEN',
    `${directory} is on ${name}, where nothing can be kept safely; name a folder on a disk of this machine with --data-dir`,
  )
}

function takeLock(lock: DatabaseSync, directory: string): DatabaseSync {
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return lock
  } catch (error) {
    lock.close()
    const who = lockHolder(join(directory, LOCK_FILE)) ?? 'another process'
    throw new OpenError(
      'SPILLWAY_DATA_DIR_TAKEN',
      `${directory} is in use by ${who}; give each its own with --data-dir`,
      { cause: error },
    )
  }
}

/** SQLite would read up to the first frame that is wrong, and forget the rest. */
function refuseLoss(path: string, { acceptWalLoss }: OpenOptions): void {
  const wal = `${path}-wal`
  if (acceptWalLoss || !existsSync(wal)) return
  const { lostCommits } = scanWal(wal)
  if (lostCommits === 0) return
  const count = lostCommits === Infinity ? 'all its' : String(lostCommits)
  throw new OpenError(
    'SPILLWAY_QUEUE_BROKEN',
    `${wal} has changed since it was written, and ${count} transactions in it cannot be read: messages that were accepted would be lost. Nothing was changed. Restore ${path} and its -wal file from a copy, or set SPILLWAY_ACCEPT_WAL_LOSS=1 to go on without them`,
  )
}

function prepare(db: DatabaseSync, path: string): void {
  db.exec(`
    PRAGMA page_size = ${PAGE_BYTES};
    PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 1000;
    PRAGMA cell_size_check = ON;
    PRAGMA mmap_size = 0;
    PRAGMA cache_size = -65536;
    PRAGMA temp_store = MEMORY;
  `)
  const version = Number(pragma(db, 'user_version'))
  if (version > SCHEMA_VERSION) {
    throw new OpenError(
      'SPILLWAY_QUEUE_BROKEN',
      `${path} was written by a later Spillway (its tables are version ${version}, this one knows ${SCHEMA_VERSION}); start that one, or name another folder with --data-dir`,
    )
  }
  if (version === 0) return db.exec(`BEGIN; ${SCHEMA} COMMIT`)
  const found = pragma(db, 'quick_check')
  if (found !== 'ok') throw new Error(String(found))
}

function pragma(db: DatabaseSync, name: string): unknown {
  return Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0]
}

function damaged(path: string, error: unknown): Error {
  if (error instanceof OpenError) return error
  const why = error instanceof Error ? error.message : String(error)
  return new OpenError(
    'SPILLWAY_QUEUE_BROKEN',
    `${path} is damaged (${why.split('\n', 1)[0]}), and nothing was started on it. Restore it from a copy; or save what can be read with: sqlite3 ${path} .recover | sqlite3 recovered.db; or move it and its -wal file away to begin with empty queues`,
    { cause: error },
  )
}
