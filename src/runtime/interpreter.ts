import { existsSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Older ones cannot run the bootstrap; functions that name them run on the server's own Node. */
const OLDEST_MAJOR = 20

/** An interpreter for a function, and whether it is the version that the manifest names. */
export interface Interpreter {
  readonly command: string
  readonly exact: boolean
}

/**
 * The Node that a runtime such as `nodejs22.x` names, where one is found: `SPILLWAY_NODE_22`, or an
 * installed version of nvm, fnm or mise. Else the server's own.
 */
export function findNode(runtime: string, env: NodeJS.ProcessEnv): Interpreter {
  const major = Number(/^nodejs(\d+)/.exec(runtime)?.[1])
  const own = { command: process.execPath, exact: major === ownMajor() }
  // From its sources the bootstrap is TypeScript, which older versions cannot run.
  if (own.exact || !(major >= OLDEST_MAJOR) || import.meta.url.endsWith('.ts')) return own
  const named = env[`SPILLWAY_NODE_${major}`]
  if (named !== undefined && existsSync(named)) return { command: named, exact: true }
  for (const folder of versionFolders(env)) {
    const command = newestIn(folder, major)
    if (command !== undefined) return { command, exact: true }
  }
  return own
}

function ownMajor(): number {
  return Number(process.versions.node.split('.')[0])
}

function versionFolders(env: NodeJS.ProcessEnv): string[] {
  const home = homedir()
  const data = env['XDG_DATA_HOME'] ?? join(home, '.local/share')
  return [
    join(env['NVM_DIR'] ?? join(home, '.nvm'), 'versions/node'),
    join(env['FNM_DIR'] ?? join(data, 'fnm'), 'node-versions'),
    join(env['MISE_DATA_DIR'] ?? join(data, 'mise'), 'installs/node'),
  ]
}

function newestIn(folder: string, major: number): string | undefined {
  if (!existsSync(folder)) return undefined
  const versions = readdirSync(folder)
    .filter((name) => new RegExp(`^v?${major}\\.`).test(name))
    .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
  for (const version of versions) {
    const candidates = [
      join(folder, version, 'bin/node'),
      join(folder, version, 'installation/bin/node'),
    ]
    const found = candidates.find((path) => existsSync(path))
    if (found !== undefined) return found
  }
  return undefined
}
