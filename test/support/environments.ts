import { readdirSync, readFileSync } from 'node:fs'

/** The process of an execution environment, as the machine shows it. */
export interface EnvironmentPid {
  readonly pid: number
  readonly functionName: string
}

/** The environments of a server that run now: its children that are no zombies. */
export function environmentsOf(serverPid: number): EnvironmentPid[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    const { state, parent } = statOf(name)
    if (parent !== serverPid || state === 'Z') return []
    // What was a spare has the variables of one, and the function in its title.
    const functionName =
      /\0AWS_LAMBDA_FUNCTION_NAME=([^\0]*)/.exec(`\0${read(name, 'environ')}`) ??
      /^spillway ([^\0 ]+)/.exec(read(name, 'cmdline'))
    return functionName === null ? [] : { pid: Number(name), functionName: functionName[1] ?? '' }
  })
}

/** The letter of `/proc`: `T` is stopped, `Z` dead and not yet reaped; undefined when it is gone. */
export function stateOf(pid: number): string | undefined {
  return statOf(String(pid)).state
}

function statOf(pid: string): { state: string | undefined; parent: number } {
  const stat = read(pid, 'stat')
  // The name before it is in brackets and may hold anything.
  const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { state: state === '' ? undefined : state, parent: Number(parent) }
}

/** What is gone by now reads as nothing. */
function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}

/** The processes of a user that are no zombies. */
export function processesOf(uid: number): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids
    .filter((pid) => new RegExp(`^Uid:\\s+${uid}\\s`, 'm').test(read(pid, 'status')))
    .filter((pid) => statOf(pid).state !== 'Z')
    .map(Number)
}

/** The user that a process runs under; undefined when it is gone. */
export function userOf(pid: number): number | undefined {
  const uid = /^Uid:\s+(\d+)/m.exec(read(String(pid), 'status'))?.[1]
  return uid === undefined ? undefined : Number(uid)
}
