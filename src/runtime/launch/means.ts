import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What this machine has to confine a process with. */
export interface Means {
  /** Absolute path of `sh`; undefined where there is none to set limits with. */
  readonly sh: string | undefined
  /** What comes before a command to drop what it must not have; empty where nothing does that. */
  readonly drop: (uid: number | undefined) => readonly string[]
  /** Whether an environment can have a user of its own. */
  readonly users: boolean
  /** What comes before a command to give it mounts of its own; undefined where it cannot have any. */
  readonly mounts: { readonly unshare: string; readonly mount: string } | undefined
  /** Whether several folders can be mounted as one. */
  readonly overlay: boolean
  /** Sets variables late; see `command-line.ts`. */
  readonly env: string | undefined
  /** What is missing, a sentence each. */
  readonly missing: readonly string[]
}

const FOLDERS = ['/usr/bin', '/bin', '/usr/sbin', '/sbin']
/** The first that environments get; to find out whether one can be had. */
const SOME_UID = 20_000

const LIVE_AND_DIE = ['--pdeathsig', 'KILL', '--no-new-privs']
const NO_CAPABILITIES = ['--bounding-set=-all', '--inh-caps=-all']

let found: Means | undefined

/** Looks once, by trying: what a container allows cannot be read anywhere. */
export function findMeans(): Means {
  return (found ??= look())
}

function look(): Means {
  const isRoot = process.getuid?.() === 0
  const setpriv = pathOf('setpriv')
  const drop = setpriv === undefined ? undefined : findDrop(setpriv, isRoot)
  const unshare = isRoot ? pathOf('unshare') : undefined
  const mount = isRoot ? pathOf('mount') : undefined
  const mounts =
    unshare !== undefined && mount !== undefined && works([unshare, '--mount', mount, '--version'])
      ? { unshare, mount }
      : undefined
  const users = drop?.users === true
  return {
    sh: pathOf('sh'),
    drop: drop?.line ?? (() => []),
    users,
    mounts,
    overlay: mounts !== undefined && hasOverlay(),
    env: pathOf('env'),
    missing: missing({ isRoot, drop, mounts }),
  }
}

interface Drop {
  readonly users: boolean
  readonly line: (uid: number | undefined) => readonly string[]
}

/** The strictest that works here: containers often lack the right to change users or capabilities. */
function findDrop(setpriv: string, isRoot: boolean): Drop | undefined {
  const asUser = (uid: number, more: readonly string[]): string[] => {
    const user = ['--reuid', String(uid), '--regid', String(uid), '--clear-groups']
    return [setpriv, ...LIVE_AND_DIE, ...user, ...more]
  }
  const plain = [setpriv, ...LIVE_AND_DIE]
  for (const more of isRoot ? [NO_CAPABILITIES, []] : []) {
    if (!works([...asUser(SOME_UID, more), 'true'])) continue
    // Root without capabilities could read less than others: what keeps its user keeps its rights.
    return { users: true, line: (uid) => (uid === undefined ? plain : asUser(uid, more)) }
  }
  return works([...plain, 'true']) ? { users: false, line: () => plain } : undefined
}

function missing({
  isRoot,
  drop,
  mounts,
}: {
  isRoot: boolean
  drop: Drop | undefined
  mounts: Means['mounts']
}): string[] {
  const sentences: string[] = []
  if (drop === undefined) {
    sentences.push(
      'no setpriv (util-linux 2.33 or later): an environment that loops outlives a server that is killed, and may gain privileges',
    )
  }
  if (isRoot && drop?.users !== true) {
    sentences.push('environments run as root: there is no right, or no setpriv, to change users')
  }
  if (isRoot && mounts === undefined) {
    sentences.push(
      'no mounts of their own: environments share /tmp, and have TMPDIR for themselves',
    )
  }
  return sentences
}

function works([command, ...args]: readonly string[]): boolean {
  return spawnSync(command ?? '', args, { stdio: 'ignore', env: {} }).status === 0
}

/** Not by the server's PATH: what runs before privileges are dropped comes from the system alone. */
function pathOf(name: string): string | undefined {
  return FOLDERS.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

function hasOverlay(): boolean {
  try {
    return /\toverlay$/m.test(readFileSync('/proc/filesystems', 'utf8'))
  } catch {
    return false
  }
}
