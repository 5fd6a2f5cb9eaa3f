import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { basename, delimiter, join } from 'node:path'
import type { Interpreter } from './interpreter.ts'
import { isReachable } from './reachable.ts'

/** Python 3.9: older ones cannot run the bootstrap. */
const OLDEST_MINOR = 9
/** Names on PATH are tried one by one; far above what there is. */
const NEWEST_MINOR = 30

/** A Python that is there. */
interface Candidate {
  readonly command: string
  readonly minor: number
}

/**
 * The Python for a function of a runtime such as `python3.13`: what `SPILLWAY_PYTHON_313` names; the
 * project's virtual environment, since what it imports is installed there; that version on PATH, or
 * installed by pyenv, mise or uv; else the newest that there is. Undefined where there is none.
 *
 * Root's functions run under users of their own, who cannot look into root's home: of what they can
 * reach, and only then of the rest.
 */
export function findPython(
  runtime: string,
  taskRoot: string,
  env: NodeJS.ProcessEnv,
): Interpreter | undefined {
  const minor = Number(/^python3\.(\d+)$/.exec(runtime)?.[1])
  const named = env[`SPILLWAY_PYTHON_3${minor}`]
  if (named !== undefined && existsSync(named)) return { command: named, exact: true }
  const everyone = process.getuid?.() === 0
  const found = [...virtualEnvironments(taskRoot, env), ...installed(minor, env)]
  const reachable = everyone ? found.filter(({ command }) => isReachable(command)) : found
  const best = reachable[0] ?? found[0]
  return best === undefined ? undefined : { command: best.command, exact: best.minor === minor }
}

function virtualEnvironments(taskRoot: string, env: NodeJS.ProcessEnv): Candidate[] {
  const active = env['VIRTUAL_ENV']
  const folders = [join(taskRoot, '.venv'), join(taskRoot, 'venv')]
  if (active !== undefined) folders.push(active)
  return folders.flatMap((folder) => {
    const command = join(folder, 'bin/python')
    const config = join(folder, 'pyvenv.cfg')
    if (!existsSync(command) || !existsSync(config)) return []
    const minor = Number(
      /^version(?:_info)?\s*=\s*3\.(\d+)/m.exec(readFileSync(config, 'utf8'))?.[1],
    )
    return minor >= OLDEST_MINOR ? [{ command, minor }] : []
  })
}

/** Those of that version first, then the newest. */
function installed(minor: number, env: NodeJS.ProcessEnv): Candidate[] {
  const all = [...onPath(env), ...managed(env)].sort((a, b) => b.minor - a.minor)
  const isExact = (each: Candidate): boolean => each.minor === minor
  return [...all.filter(isExact), ...all.filter((each) => !isExact(each))]
}

function onPath(env: NodeJS.ProcessEnv): Candidate[] {
  const found: Candidate[] = []
  for (const folder of (env['PATH'] ?? '').split(delimiter).filter(Boolean)) {
    for (let minor = OLDEST_MINOR; minor <= NEWEST_MINOR; minor++) {
      const command = join(folder, `python3.${minor}`)
      if (isProgram(command)) found.push({ command, minor })
    }
    const plain = join(folder, 'python3')
    const minor = isProgram(plain) ? minorOf(basename(realpathSync(plain))) : NaN
    if (minor >= OLDEST_MINOR) found.push({ command: plain, minor })
  }
  return found
}

/** No script: pyenv's and asdf's only look for an interpreter, slowly, and may find none. */
function isProgram(path: string): boolean {
  try {
    const fd = openSync(path, 'r')
    const start = Buffer.alloc(2)
    readSync(fd, start)
    closeSync(fd)
    return start.toString('latin1') !== '#!'
  } catch {
    return false
  }
}

function managed(env: NodeJS.ProcessEnv): Candidate[] {
  const home = homedir()
  const data = env['XDG_DATA_HOME'] ?? join(home, '.local/share')
  const folders = [
    join(env['PYENV_ROOT'] ?? join(home, '.pyenv'), 'versions'),
    join(env['MISE_DATA_DIR'] ?? join(data, 'mise'), 'installs/python'),
    env['UV_PYTHON_INSTALL_DIR'] ?? join(data, 'uv/python'),
  ]
  return folders.flatMap((folder) => {
    if (!existsSync(folder)) return []
    return readdirSync(folder)
      .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
      .flatMap((version) => versionIn(folder, version))
  })
}

/** `3.13.0`, or uv's `cpython-3.13.0-linux-x86_64-gnu`. */
function versionIn(folder: string, version: string): Candidate[] {
  const minor = Number(/^(?:cpython-)?3\.(\d+)\.\d+(?:-|$)/.exec(version)?.[1])
  const command = join(folder, version, `bin/python3.${minor}`)
  return minor >= OLDEST_MINOR && existsSync(command) ? [{ command, minor }] : []
}

function minorOf(name: string): number {
  return Number(/^python3\.(\d+)$/.exec(name)?.[1])
}
