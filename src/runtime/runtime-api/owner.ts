import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { readTcpTable } from './tcp-table.ts'

/**
 * Whether the other end of a connection belongs to the environment whose first process this is: any
 * process of this machine can connect to a port on 127.0.0.1, and could answer for others. True where
 * nobody can tell, which is where there is no /proc: everywhere but on Linux.
 */
export async function isOwnPeer(port: number, ownPort: number, pid: number): Promise<boolean> {
  const table = await readTcpTable()
  if (table === undefined) return true
  const end = table.find(port, ownPort)
  // It has closed already, and will not be missed.
  if (end === undefined) return false
  const uid = uidOf(pid)
  if (uid !== process.getuid?.() && uid !== end.uid) return false
  const isHolder = (each: number): boolean => holds(each, `socket:[${end.inode}]`)
  // Its session has them all, but to find it takes a look at every process there is.
  return familyOf(pid).some(isHolder) || sessionOf(pid).some(isHolder)
}

/** A process, its children, and theirs. */
function familyOf(pid: number): number[] {
  const children = list(`/proc/${pid}/task`).flatMap((tid) =>
    read(`/proc/${pid}/task/${tid}/children`).split(' ').filter(Boolean).map(Number),
  )
  return [pid, ...children.flatMap(familyOf)]
}

/** Reading where a descriptor leads is what tells, so that one that is closed meanwhile is none. */
function holds(pid: number, target: string): boolean {
  const folder = `/proc/${pid}/fd`
  return list(folder).some((fd) => leadsTo(`${folder}/${fd}`, target))
}

function leadsTo(path: string, target: string): boolean {
  try {
    return readlinkSync(path) === target
  } catch {
    return false
  }
}

/** All processes of a session but its first. One that has left it is no longer the environment's. */
function sessionOf(leader: number): number[] {
  return list('/proc').flatMap((name) => {
    const pid = Number(name)
    return pid > 0 && pid !== leader && sessionIdOf(pid) === leader ? [pid] : []
  })
}

/** Where functions have users of their own, that alone tells most strangers. */
function uidOf(pid: number): number {
  return Number(/^Uid:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1])
}

function sessionIdOf(pid: number): number {
  const stat = read(`/proc/${pid}/stat`)
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3])
}

/** What is gone by now reads as nothing. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
