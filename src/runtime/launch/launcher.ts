import { existsSync, realpathSync } from 'node:fs'
import { isAbsolute, sep } from 'node:path'
import { confine, type Confinement, type Line } from './command-line.ts'
import { findControlGroups, type ControlGroup, type ControlGroups } from './control-groups.ts'
import { createFolders, type Folder, type Folders } from './folders.ts'
import { findMeans, type Means } from './means.ts'
import { killProcessesOf } from './processes-of.ts'
import { createUsers, type Users } from './users.ts'

/** How far the processes of one function are confined. */
export interface Bounds {
  /** The function's memory; the interpreter may take `INTERPRETER_MB` on top. */
  readonly memoryMb: number
  /** What the interpreter reserves and never touches, where only such reservations can be limited. */
  readonly reservedMb: number
  readonly ownUser: boolean
  /** A `/tmp` that nobody else sees; else only `TMPDIR`. */
  readonly ownTmp: boolean
  /** Folders to mount in `/opt`; empty where variables lead to them, or there are none. */
  readonly opt: readonly string[]
}

/** A command as it is to be spawned, and what must be seen to once it has been. */
export interface Launched extends Line {
  /** Variables that it was given besides its own. */
  readonly given: Readonly<Record<string, string>>
  /** Whether the kernel has killed something for want of memory. */
  outOfMemory(): boolean
  /** Kills what has left the process group. */
  killRest(): void
  /** The process is gone: kills the rest, and takes away what it had for its own. */
  end(): void
}

/**
 * What an interpreter takes itself, beside the function's own: a Node that has done nothing is charged
 * with some 10 MB, and 45 where nobody else has its program in memory. It also lets a heap reach
 * `--max-old-space-size`, and V8 say so in the log, before the kernel ends it without a word.
 */
export const INTERPRETER_MB = 64
const MIB = 1024 * 1024
const RETRY_FIRST_MS = 10
const RETRY_LAST_MS = 1000

/** Starts processes confined by what the machine has; looked for at the first. */
export interface Launcher {
  readonly means: Means
  /** How the memory of one is limited. */
  readonly memory: 'control groups' | 'reservations'
  /** @throws {Error} when the machine is out of something. */
  launch(line: Line, bounds: Bounds): Launched
}

let launcher: Launcher | undefined

/** One for the process: users and control groups are the machine's, whoever wants them. */
export function findLauncher(): Launcher {
  return (launcher ??= createLauncher(findMeans(), findControlGroups()))
}

export function createLauncher(means: Means, groups: ControlGroups | undefined): Launcher {
  const users = createUsers()
  let folders: Folders | undefined
  return {
    means,
    memory: groups === undefined ? 'reservations' : 'control groups',
    launch(line, bounds) {
      // A shell would say it in a log, and be an environment that has died.
      if (isAbsolute(line.command) && !existsSync(line.command)) {
        throw new Error(`there is no ${line.command}`)
      }
      folders ??= createFolders()
      return launch({ line, bounds, means, groups, users, folders })
    },
  }
}

interface Parts {
  readonly line: Line
  readonly bounds: Bounds
  readonly means: Means
  readonly groups: ControlGroups | undefined
  readonly users: Users
  readonly folders: Folders
}

function launch({ line, bounds, means, groups, users, folders }: Parts): Launched {
  const uid = bounds.ownUser && means.users ? users.take() : undefined
  const folder = folders.create(uid)
  const group = groups?.create((bounds.memoryMb + INTERPRETER_MB) * MIB)
  const ownTmp = bounds.ownTmp && means.mounts !== undefined
  const wanted: Confinement = {
    uid,
    procs: group?.procs,
    dataBytes: group === undefined ? dataBytes(bounds) : undefined,
    tmp: ownTmp ? folder.path : undefined,
    opt: bounds.opt.length === 0 ? undefined : bounds.opt,
  }
  const given = givenTo(uid, folder, ownTmp)
  const env = { ...given, ...line.env, SPILLWAY_PARENT: String(process.pid) }
  const kill = (): void => {
    group?.kill()
    if (group === undefined && uid !== undefined) killProcessesOf(uid)
  }
  return {
    ...confine({ ...line, env }, means, wanted),
    given,
    outOfMemory: () => group?.outOfMemory() ?? false,
    killRest: kill,
    end: () => end({ kill, group, uid, folder, users }),
  }
}

/** A user that the system does not know has no home: Node's `os.homedir()` would throw, and SDKs ask it. */
function givenTo(
  uid: number | undefined,
  { path }: Folder,
  ownTmp: boolean,
): Record<string, string> {
  const home = ownTmp ? '/tmp' : path
  return {
    ...(ownTmp ? {} : { TMPDIR: path }),
    ...(uid === undefined ? {} : { HOME: home, USER: `spillway-${uid}` }),
  }
}

function dataBytes({ memoryMb, reservedMb }: Bounds): number | undefined {
  if (process.platform !== 'linux') return undefined
  return (memoryMb + INTERPRETER_MB + reservedMb) * MIB
}

interface Leftover {
  readonly kill: () => void
  readonly group: ControlGroup | undefined
  readonly uid: number | undefined
  readonly folder: Folder
  readonly users: Users
}

/** Until nothing is left that could still use them, nobody else gets the user and the folder. */
function end(leftover: Leftover, afterMs: number = RETRY_FIRST_MS): void {
  const { kill, group, uid, folder, users } = leftover
  kill()
  const isGone =
    group === undefined ? uid === undefined || killProcessesOf(uid) === 0 : group.remove()
  if (!isGone) {
    const nextMs = Math.min(afterMs * 2, RETRY_LAST_MS)
    setTimeout(() => end(leftover, nextMs), afterMs).unref()
    return
  }
  // What cannot be removed now is when the server ends.
  void folder.remove().catch(() => {})
  if (uid !== undefined) users.giveBack(uid)
}

/** Whether something that a process needs would be hidden behind what is mounted there. */
export function hides(mountPoint: string, needed: readonly string[]): boolean {
  return needed.some((path) => [path, realpathOf(path)].some((each) => isBelow(each, mountPoint)))
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder + sep)
}

function realpathOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
