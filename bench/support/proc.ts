import { spawnSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'

/** The core of the load generator and of the script that drives it. */
export const GENERATOR_CORE = 0
/** The core of everything that a peer runs. */
export const PEER_CORE = 1

/** Linux counts CPU time in hundredths of a second, whatever the kernel's own tick is. */
const TICK_US = 10_000

interface ProcStat {
  readonly pid: number
  readonly parentPid: number
  /** User and system time, microseconds, ended children included. */
  readonly cpuUs: number
}

/** A process and all its descendants at one moment. */
export interface Tree {
  readonly pids: readonly number[]
  /** User and system time since they started, microseconds, ended children included. */
  readonly cpuUs: number
}

/** Reads a process tree from /proc. */
export function readTree(rootPid: number): Tree {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readStat(name) ?? [])
  const inTree = new Set([rootPid])
  // Pids wrap around, so a child may have a lower one than its parent: until nothing is added.
  for (let size = 0; size !== inTree.size;) {
    size = inTree.size
    for (const { pid, parentPid } of all) if (inTree.has(parentPid)) inTree.add(pid)
  }
  const members = all.filter(({ pid }) => inTree.has(pid))
  return {
    pids: members.map(({ pid }) => pid),
    cpuUs: members.reduce((sum, { cpuUs }) => sum + cpuUs, 0),
  }
}

/** Memory of these processes, MiB: what they share is divided among those that share it. */
export function memoryMb(pids: readonly number[]): number {
  const kib = pids.map((pid) => Number(/^Pss:\s+(\d+)/m.exec(rollupOf(pid))?.[1] ?? 0))
  return kib.reduce((sum, each) => sum + each, 0) / 1024
}

function rollupOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  } catch {
    // It ended between the listing and the look.
    return ''
  }
}

/** CPU time of this process's ended children, microseconds: what a load generator has used. */
export function endedChildrenCpuUs(): number {
  const fields = statFields('self')
  return (Number(fields?.[13]) + Number(fields?.[14])) * TICK_US
}

/** CPU time that everything on this machine has used, microseconds. */
export function machineCpuUs(): number {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n')
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line
    .split(/\s+/)
    .slice(1)
    .map(Number)
  return (user + nice + system + irq + softirq) * TICK_US
}

/** Leaves the peers' core to the peers. @throws {Error} where there is no second core, or no taskset. */
export function moveToGeneratorCore(): void {
  const { status, error } = spawnSync('taskset', ['-pc', `${GENERATOR_CORE}`, `${process.pid}`])
  if (error !== undefined) throw new Error('the benchmarks need taskset (Debian: util-linux)')
  const second = spawnSync('taskset', ['-c', `${PEER_CORE}`, 'true'])
  if (status !== 0 || second.status !== 0) {
    throw new Error('the benchmarks need two cores: one for the load, one for what is measured')
  }
}

function readStat(pid: string): ProcStat | undefined {
  const fields = statFields(pid)
  if (fields === undefined) return undefined
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  return { pid: Number(pid), parentPid: Number(fields[1]), cpuUs: ticks * TICK_US }
}

/**
 * The fields of /proc/PID/stat from the third on (proc(5)): 0 state, 1 parent, 11 user, 12 system,
 * 13 and 14 the same of ended children. The second, the name, may itself hold blanks and brackets.
 */
function statFields(pid: string): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    // It ended between the listing and the look.
    return undefined
  }
}
