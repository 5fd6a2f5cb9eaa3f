import { lstatSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

const OTHERS_READ = 0o004
const OTHERS_EXECUTE = 0o001

/** Finds what a user without rights of its own may not read. */
export interface ReadableCheck {
  /** The first of these files and folders that is out of its reach, or the folder that bars the way. */
  firstBarred(paths: readonly string[]): string | undefined
}

/** Looks at permission bits, each folder once. What is not there bars nobody. */
export function createReadableCheck(): ReadableCheck {
  const seen = new Map<string, string | undefined>()

  /** The folder on the way to a path, itself included, that others may not pass. */
  const barredFolder = (folder: string): string | undefined => {
    if (seen.has(folder)) return seen.get(folder)
    const parent = dirname(folder)
    const above = parent === folder ? undefined : barredFolder(parent)
    const barred = above ?? (isAllowed(folder, OTHERS_EXECUTE) ? undefined : folder)
    seen.set(folder, barred)
    return barred
  }

  const barred = (path: string): string | undefined => {
    const real = realpathOf(path)
    if (real === undefined) return undefined
    const needs = statSync(real).isDirectory() ? OTHERS_READ | OTHERS_EXECUTE : OTHERS_READ
    return barredFolder(dirname(real)) ?? (isAllowed(real, needs) ? undefined : real)
  }

  return {
    firstBarred(paths) {
      for (const path of paths) {
        const found = barred(path)
        if (found !== undefined) return found
      }
      return undefined
    },
  }
}

function isAllowed(path: string, bits: number): boolean {
  return (lstatSync(path).mode & bits) === bits
}

function realpathOf(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}

/** The files in the task root that a handler such as `src/lead.handler` may mean. */
export function handlerFiles(taskRoot: string, handler: string): string[] {
  const module = resolve(taskRoot, handler.replace(/\.[^/]*$/, ''))
  const name = basename(module)
  try {
    const files = readdirSync(dirname(module)).filter((file) => file.replace(/\.\w+$/, '') === name)
    return files.map((file) => join(dirname(module), file))
  } catch {
    return []
  }
}
