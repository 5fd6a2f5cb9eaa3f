import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { isGone, ownTag } from './owner.ts'

/** The control group of one environment: its memory, and everything it has started. */
export interface ControlGroup {
  /** Whoever writes its process id here is in. */
  readonly procs: string
  /** Whether the kernel has killed something in it for want of memory. */
  outOfMemory(): boolean
  /** Kills what is in it, whatever session that made its own. */
  kill(): void
  /** Takes it away; false while something in it is not gone yet. */
  remove(): boolean
}

/** Makes control groups below the server's own, whose limits then hold for all of them together. */
export interface ControlGroups {
  create(limitBytes: number): ControlGroup
}

/** Lambda's own bound for processes and threads of an environment. */
export const PROCESSES_MAX = 1024
/** What forks faster than it is killed has no room left to fork into after one of these. */
const KILL_ROUNDS = 3
const PREFIX = 'spillway-'

/** The server's own control groups: folders, where there are such. */
export interface OwnGroups {
  readonly v2: string | undefined
  readonly v1: string | undefined
}

let ownGroups: OwnGroups | undefined

/** Where the server was started; asked once, before it may move to a group below that. */
export function findOwnGroups(): OwnGroups {
  if (ownGroups !== undefined) return ownGroups
  const own = read('/proc/self/cgroup')
  const mounts = mountsOf(read('/proc/self/mountinfo'))
  const v2 = mounts.find(({ type }) => type === 'cgroup2')
  const v1 = mounts.find(({ type, options }) => type === 'cgroup' && options.includes('memory'))
  return (ownGroups = {
    v2: existing(v2?.point, /^0::(.*)$/m.exec(own)?.[1]),
    v1: existing(v1?.point, /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m.exec(own)?.[1]),
  })
}

/** Where control groups can be made, if anywhere: version 2, else version 1. */
export function findControlGroups(): ControlGroups | undefined {
  const { v2, v1 } = findOwnGroups()
  const groups = v2 === undefined ? undefined : version2(v2)
  return groups ?? (v1 === undefined ? undefined : version1(v1))
}

/**
 * Version 2, in a group that was delegated (systemd: `Delegate=yes`; a container's own). A group that
 * hands controllers on may hold no process itself: the server goes into one of its own first.
 */
export function version2(own: string): ControlGroups | undefined {
  if (!/\bmemory\b/.test(read(join(own, 'cgroup.controllers')))) return undefined
  const seat = join(own, `${PREFIX}server-${ownTag()}`)
  try {
    accessSync(join(own, 'cgroup.subtree_control'), constants.W_OK)
    mkdirSync(seat)
    writeFileSync(join(seat, 'cgroup.procs'), String(process.pid))
    writeFileSync(join(own, 'cgroup.subtree_control'), '+memory +pids')
  } catch {
    tryTo(() => writeFileSync(join(own, 'cgroup.procs'), String(process.pid)))
    tryTo(() => rmdirSync(seat))
    return undefined
  }
  return groupsIn(own, (folder, limitBytes) => {
    writeFileSync(join(folder, 'memory.max'), String(limitBytes))
    tryTo(() => writeFileSync(join(folder, 'memory.swap.max'), '0'))
    tryTo(() => writeFileSync(join(folder, 'pids.max'), String(PROCESSES_MAX)))
    // Half an environment is none.
    tryTo(() => writeFileSync(join(folder, 'memory.oom.group'), '1'))
  })
}

/** Version 1: the memory controller; processes are counted by `ulimit`, for an own user. */
export function version1(own: string): ControlGroups | undefined {
  try {
    accessSync(own, constants.W_OK)
  } catch {
    return undefined
  }
  return groupsIn(own, (folder, limitBytes) => {
    writeFileSync(join(folder, 'memory.limit_in_bytes'), String(limitBytes))
    tryTo(() => writeFileSync(join(folder, 'memory.memsw.limit_in_bytes'), String(limitBytes)))
  })
}

function groupsIn(
  own: string,
  limit: (folder: string, limitBytes: number) => void,
): ControlGroups | undefined {
  sweep(own)
  const prefix = join(own, `${PREFIX}${ownTag()}-`)
  let made = 0
  const create = (limitBytes: number): ControlGroup => {
    const folder = prefix + String(++made)
    mkdirSync(folder)
    limit(folder, limitBytes)
    return groupOf(folder)
  }
  try {
    // Mounted, and perhaps read-only all the same.
    create(2 ** 30).remove()
    return { create }
  } catch {
    return undefined
  }
}

function groupOf(folder: string): ControlGroup {
  const procs = join(folder, 'cgroup.procs')
  return {
    procs,
    outOfMemory() {
      const counts = read(join(folder, 'memory.events')) + read(join(folder, 'memory.oom_control'))
      return Number(/^oom_kill (\d+)$/m.exec(counts)?.[1] ?? 0) > 0
    },
    kill: () => killAll(folder),
    remove() {
      try {
        rmdirSync(folder)
        return true
      } catch {
        return !existsSync(folder)
      }
    },
  }
}

function killAll(folder: string): void {
  const all = join(folder, 'cgroup.kill')
  if (existsSync(all)) return tryTo(() => writeFileSync(all, '1'))
  for (let round = 0; round < KILL_ROUNDS; round++) {
    const pids = read(join(folder, 'cgroup.procs')).split('\n').filter(Boolean)
    if (pids.length === 0) return
    for (const pid of pids) tryTo(() => void process.kill(Number(pid), 'SIGKILL'))
  }
}

/** Ends and removes what a server has left that was killed. */
function sweep(own: string): void {
  for (const name of readdirSync(own)) {
    if (!name.startsWith(PREFIX)) continue
    const tag = name.slice(PREFIX.length).replace(/^server-/, '')
    if (!isGone(tag.split('-').slice(0, 3).join('-'))) continue
    killAll(join(own, name))
    tryTo(() => rmdirSync(join(own, name)))
  }
}

interface Mount {
  readonly type: string
  readonly point: string
  readonly options: readonly string[]
}

/** `36 35 98:0 / /sys/fs/cgroup/memory rw,relatime shared:1 - cgroup cgroup rw,memory`. */
function mountsOf(mountinfo: string): Mount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ')
    const point = before.split(' ')[4]
    const [type, , options = ''] = after.split(' ')
    if (point === undefined || type === undefined) return []
    return [{ type, point, options: options.split(',') }]
  })
}

/** The own group's folder. Without a namespace of its own a container sees only that, as the root. */
function existing(point: string | undefined, path: string | undefined): string | undefined {
  if (point === undefined || path === undefined) return undefined
  const folder = join(point, path)
  return existsSync(folder) ? folder : point
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function tryTo(act: () => void): void {
  try {
    act()
  } catch {
    // Gone in the meantime, or not to be had here: what depends on it looks for itself.
  }
}
