import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** TCP_LISTEN in `/proc/net/tcp`. */
const LISTENING = '0A'

/**
 * `node (pid 4711)`: who listens on a port, or undefined where that cannot be known: on another
 * system than Linux, or when it belongs to somebody else.
 */
export function describePortHolder(port: number): string | undefined {
  const inodes = [
    ...listeningInodes('/proc/net/tcp', port),
    ...listeningInodes('/proc/net/tcp6', port),
  ]
  if (inodes.length === 0) return undefined
  const sockets = new Set(inodes.map((inode) => `socket:[${inode}]`))
  const pid = list('/proc').find((name) => /^\d+$/.test(name) && holdsAny(name, sockets))
  if (pid === undefined) return undefined
  const command = read(`/proc/${pid}/cmdline`).split('\0').filter(Boolean).join(' ')
  return `${command.slice(0, 120)} (pid ${pid})`
}

function listeningInodes(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return read(table)
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(suffix) === true && fields[3] === LISTENING)
    .map((fields) => fields[9] ?? '')
}

function holdsAny(pid: string, sockets: ReadonlySet<string>): boolean {
  return list(`/proc/${pid}/fd`).some((fd) => {
    try {
      return sockets.has(readlinkSync(`/proc/${pid}/fd/${fd}`))
    } catch {
      return false
    }
  })
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
