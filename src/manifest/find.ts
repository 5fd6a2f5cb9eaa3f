import { basename, dirname, join, resolve } from 'node:path'
import { displayPath, isDirectory, isFile } from './files.ts'
import { HANDLER_EXTENSIONS } from './handler.ts'
import type { Report } from './report.ts'

/** Something to run, as a path on the command line leads to it. Paths are absolute. */
export interface Found {
  readonly kind: 'manifest' | 'handler'
  readonly path: string
  /** The `spillway.yml` beside it, or the one that was named. */
  readonly config?: string
}

/** The manifests that are read, in the order they are looked for. */
const MANIFESTS = ['serverless.yml', 'serverless.yaml', 'serverless.json']
const CONFIGS = ['spillway.yml', 'spillway.yaml']
/** Manifests that are known and not read yet. */
const UNREAD = `
  serverless.ts serverless.js serverless.mjs serverless.cjs template.yaml template.yml
  template.json samconfig.toml
`
  .trim()
  .split(/\s+/)

/** What a path means; undefined, and an error that says what was looked for, when nothing. */
export function findSource(path: string, report: Report): Found | undefined {
  const absolute = resolve(path)
  const fail = (message: string): undefined => {
    report.error({ file: path === '' ? '""' : displayPath(absolute), line: 1, column: 1 }, message)
  }
  if (path === '') return fail('expected a path, got an empty one')
  if (isDirectory(absolute)) return inDirectory(absolute) ?? fail(nothingIn(absolute))
  const name = basename(absolute)
  if (!isFile(absolute)) return fail(nothingAt(absolute))
  if (CONFIGS.includes(name)) {
    const found = inDirectory(dirname(absolute))
    return found === undefined ? fail(nothingIn(dirname(absolute))) : { ...found, config: absolute }
  }
  if (UNREAD.includes(name)) return fail(`${name} is not read yet; ${MANIFESTS.join(', ')} are`)
  if (/\.(?:ya?ml|json)$/.test(name)) return besideConfig('manifest', absolute)
  if (name === 'bootstrap') return besideConfig('handler', absolute)
  if ([...HANDLER_EXTENSIONS, '.py'].some((extension) => name.endsWith(extension))) {
    return besideConfig('handler', absolute)
  }
  return fail('expected a directory, a serverless.yml or a handler file such as hello.mjs')
}

function inDirectory(directory: string): Found | undefined {
  const path = MANIFESTS.map((name) => join(directory, name)).find(isFile)
  return path === undefined ? undefined : besideConfig('manifest', path)
}

function besideConfig(kind: Found['kind'], path: string): Found {
  const config = CONFIGS.map((name) => join(dirname(path), name)).find(isFile)
  return { kind, path, ...(config === undefined ? {} : { config }) }
}

function nothingIn(directory: string): string {
  const other = UNREAD.find((name) => isFile(join(directory, name)))
  const looked = `no ${MANIFESTS.join(', ')} here`
  if (other !== undefined) return `${looked}, and ${other} is not read yet`
  return `${looked}; name another folder, a manifest, or a handler file such as hello.mjs`
}

function nothingAt(path: string): string {
  const missing = 'there is no such file or directory'
  return isDirectory(dirname(path)) ? missing : `${missing}, nor its folder`
}
