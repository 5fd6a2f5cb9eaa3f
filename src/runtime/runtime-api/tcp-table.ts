import { readFile } from 'node:fs/promises'

/** One end of a connection within this machine. */
export interface TcpEnd {
  /** What was written there and has not arrived. */
  readonly unsentBytes: number
  /** What has arrived there and was not read. */
  readonly unreadBytes: number
  /** Of whoever opened it. */
  readonly uid: number
  /** Names the socket in `/proc/<pid>/fd`. */
  readonly inode: string
}

/** The machine's TCP connections at one moment. */
export interface TcpTable {
  /** The end at `port` of a connection on 127.0.0.1 to `otherPort`. */
  find(port: number, otherPort: number): TcpEnd | undefined
}

/** Clients that speak IPv6 reach 127.0.0.1 as well: Java's do. */
const TABLES = [
  { path: '/proc/net/tcp', loopback: '0100007F' },
  { path: '/proc/net/tcp6', loopback: '0000000000000000FFFF00000100007F' },
]

/** Columns of a line, counted from the remote address. */
const [QUEUES, UID, INODE] = [2, 5, 7]

let reading: Promise<TcpTable | undefined> | undefined
let next: Promise<TcpTable | undefined> | undefined

/**
 * Reads the table as it is from now on; undefined where there is none (only Linux has it). It takes
 * the kernel milliseconds, so it is read off the main thread, and once for all who ask meanwhile.
 */
export async function readTcpTable(): Promise<TcpTable | undefined> {
  // The one that is being read may have missed what the caller asks for.
  if (reading !== undefined) return await (next ??= reading.then(readTcpTable))
  next = undefined
  reading = read()
  try {
    return await reading
  } finally {
    reading = undefined
  }
}

async function read(): Promise<TcpTable | undefined> {
  try {
    const texts = await Promise.all(TABLES.map(async ({ path }) => await readFile(path)))
    return { find: (port, otherPort) => findIn(texts, port, otherPort) }
  } catch {
    return undefined
  }
}

function findIn(texts: readonly Buffer[], port: number, otherPort: number): TcpEnd | undefined {
  for (const [n, text] of texts.entries()) {
    const { loopback = '' } = TABLES[n] ?? {}
    const remote = `${loopback}:${hexOf(otherPort)}`
    const at = text.indexOf(` ${loopback}:${hexOf(port)} ${remote} `, 0, 'latin1')
    if (at === -1) continue
    const line = text.toString('latin1', text.indexOf(remote, at), text.indexOf('\n', at))
    const columns = line.split(/ +/)
    const [unsent = '0', unread = '0'] = columns[QUEUES]?.split(':') ?? []
    return {
      unsentBytes: Number.parseInt(unsent, 16),
      unreadBytes: Number.parseInt(unread, 16),
      uid: Number(columns[UID]),
      inode: columns[INODE] ?? '',
    }
  }
  return undefined
}

function hexOf(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0')
}
