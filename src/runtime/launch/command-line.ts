import type { Means } from './means.ts'
import { PROCESSES_MAX } from './control-groups.ts'

/** What is to hold for one process. */
export interface Confinement {
  readonly uid?: number | undefined
  /** File to write the process id to: its control group. */
  readonly procs?: string | undefined
  /** Where there is no control group: private memory in bytes. */
  readonly dataBytes?: number | undefined
  /** Folder to find in the place of `/tmp`. */
  readonly tmp?: string | undefined
  /** Folders to find merged in `/opt`; where two have the same file, the last one's. */
  readonly opt?: readonly string[] | undefined
}

/** Descriptors of a Lambda environment. */
const FILES_MAX = 1024
const CONFINE_FAILED = 71

/**
 * What the dynamic loader, the C library or a shell would act on (glibc's own list for programs that
 * gain privileges, `sysdeps/generic/unsecvars.h`). As root they must not come from a function.
 */
const ACTED_ON =
  /^(?:LD_.*|GLIBC_TUNABLES|MALLOC_.*|GCONV_PATH|GETCONF_DIR|HOSTALIASES|LOCALDOMAIN|LOCPATH|NIS_PATH|NLSPATH|RESOLV_HOST_CONF|RES_OPTIONS|TZDIR|BASH.*|ENV|SHELLOPTS|PS4|LIBMOUNT_.*)$/

export interface Line {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/**
 * Puts a command behind what confines it. Each program in between is replaced by the next, so that
 * the process keeps its id, and costs one to two milliseconds of every cold start: one shell sets
 * limits, joins the control group and mounts; `setpriv` drops the rest. The shell's text is made of
 * constants; whatever comes from a manifest is an argument.
 */
export function confine(line: Line, means: Means, wanted: Confinement): Line {
  const steps: string[] = []
  const operands: string[] = []
  const step = (text: string, operand: string): void => {
    steps.push(`${text} || exit ${CONFINE_FAILED}; shift`)
    operands.push(operand)
  }
  if (wanted.procs !== undefined) step('echo $$ > "$1"', wanted.procs)
  const { mounts, sh } = means
  const hasMounts = wanted.tmp !== undefined || wanted.opt !== undefined
  if (mounts !== undefined) {
    if (wanted.tmp !== undefined) step(`${mounts.mount} -n --bind "$1" /tmp`, wanted.tmp)
    if (wanted.opt !== undefined) step(...mountOpt(mounts.mount, wanted.opt))
  }
  steps.push(...limits(wanted), 'exec "$@"')
  const [late, env] = wanted.uid === undefined ? [[], line.env] : apart(line.env, means)
  const inner = [...means.drop(wanted.uid), ...late, line.command, ...line.args]
  const shell = sh === undefined ? [] : [sh, '-c', steps.join('; '), 'spillway', ...operands]
  const apartFromHost = hasMounts && mounts !== undefined ? [mounts.unshare, '--mount'] : []
  const [command = line.command, ...args] = [...apartFromHost, ...shell, ...inner]
  return { command, args, env }
}

function mountOpt(mount: string, layers: readonly string[]): [text: string, operand: string] {
  const [only = ''] = layers
  if (layers.length === 1) return [`${mount} -n --bind "$1" /opt`, only]
  return [
    `${mount} -n -t overlay -o "$1" spillway /opt`,
    `lowerdir=${layers.toReversed().join(':')}`,
  ]
}

/** Silent where a limit is lower already. `-p` are processes in dash and ash, `-u` in bash. */
function limits({ uid, dataBytes }: Confinement): string[] {
  return [
    'ulimit -c 0',
    `ulimit -n ${FILES_MAX} 2>/dev/null`,
    // Counted by user: without one of its own it would count everything of the server's.
    ...(uid === undefined
      ? []
      : [`ulimit -p ${PROCESSES_MAX} 2>/dev/null || ulimit -u ${PROCESSES_MAX}`]),
    ...(dataBytes === undefined ? [] : [`ulimit -d ${Math.ceil(dataBytes / 1024)}`]),
  ]
}

/** Variables that are set only once privileges are dropped, by one more program. */
function apart(
  env: Line['env'],
  means: Means,
): [late: readonly string[], env: Record<string, string>] {
  const entries = Object.entries(env)
  const late = entries.filter(([name]) => ACTED_ON.test(name))
  const others = entries.filter(([name]) => !ACTED_ON.test(name))
  if (late.length === 0 || means.env === undefined) return [[], Object.fromEntries(others)]
  const assignments = late.map(([name, value]) => `${name}=${value}`)
  return [[means.env, ...assignments], Object.fromEntries(others)]
}

/**
 * Whether these folders can be merged in `/opt`: the options of a mount have no way to say some names,
 * and a folder cannot lie below or beside itself.
 */
export function canMount(layers: readonly string[], means: Means): boolean {
  if (means.mounts === undefined) return false
  if (layers.length === 1) return true
  const overlaps = layers.some((layer, at) =>
    layers.some((other, otherAt) => at !== otherAt && `${other}/`.startsWith(`${layer}/`)),
  )
  return means.overlay && !overlaps && layers.every((each) => !/[,:\\]/.test(each))
}
