import { readdirSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { didYouMean } from '../lib/suggest.ts'
import { isFile } from './files.ts'

/** What a handler's module may be written in, in the order they are looked for. */
export const HANDLER_EXTENSIONS: readonly string[] = [
  '.js',
  '.mjs',
  '.cjs',
  '.ts',
  '.mts',
  '.cts',
  '.tsx',
  '.jsx',
]

/** What a Python handler's module is: a file, or a package. */
const PYTHON_FILES: readonly string[] = ['.py', '/__init__.py']

/** Folders that builds write to, and where their sources tend to be. */
const BUILT = /^(?:\.\/)?(?:dist|build|\.build|\.esbuild\/\.build)\/(.*)$/

/** A handler whose file is there, or the end of a sentence that says why not. */
export type FoundHandler = { readonly handler: string } | { readonly why: string }

/**
 * Finds the module of `dir/module.export` below the task root. A handler in a build folder is
 * answered with its source, where that is there: Spillway transpiles as it loads, and a build that
 * nobody has run would be missing or stale.
 */
export function findHandler(handler: string, taskRoot: string): FoundHandler {
  const split = splitHandler(handler)
  if (split === undefined) {
    return { why: `got: "${handler}", expected module.export, such as "src/lead.handler"` }
  }
  const { module, exported } = split
  for (const candidate of [...sourcesOf(module), module]) {
    if (moduleFile(taskRoot, candidate) === undefined) continue
    return { handler: candidate === module ? handler : `${candidate}.${exported}` }
  }
  const guess = didYouMean(module, modulesBeside(taskRoot, module))
  return { why: `got: "${handler}", and there is no ${module}.js, .mjs, .cjs or .ts${guess}` }
}

/**
 * Finds the module of `dir/module.function` of a Python function; dots may stand for slashes, as in
 * Lambda's Python runtime. Modules that layers or compiled extensions bring are not looked for.
 */
export function findPythonHandler(handler: string, taskRoot: string): FoundHandler {
  const dot = handler.lastIndexOf('.')
  if (dot <= 0) {
    return { why: `got: "${handler}", expected module.function, such as "src/lead.handler"` }
  }
  const module = handler.slice(0, dot).replaceAll('.', '/')
  if (PYTHON_FILES.some((end) => isFile(resolve(taskRoot, module) + end))) return { handler }
  const guess = didYouMean(module, modulesBeside(taskRoot, module, ['.py']))
  return { why: `got: "${handler}", and there is no ${module}.py${guess}` }
}

/**
 * `src/lead.handler` as module and export. As in Lambda's Node runtime the file's name ends at its
 * first dot (aws-lambda-nodejs-runtime-interface-client, `UserFunction.js`).
 */
function splitHandler(handler: string): { module: string; exported: string } | undefined {
  const match = /^(.*\/)?([^./]+)\.([^/]+)$/.exec(handler)
  if (match === null) return undefined
  const [, folder = '', name = '', exported = ''] = match
  return { module: folder + name, exported }
}

function sourcesOf(module: string): string[] {
  const inside = BUILT.exec(module)?.[1]
  return inside === undefined ? [] : [`src/${inside.replace(/^src\//, '')}`, inside]
}

/** The file of a module, absolute; undefined where there is none. */
export function moduleFile(taskRoot: string, module: string): string | undefined {
  const base = resolve(taskRoot, module)
  return HANDLER_EXTENSIONS.map((extension) => base + extension).find(isFile)
}

/** The modules in a module's folder, written as the module is: what may have been meant. */
function modulesBeside(
  taskRoot: string,
  module: string,
  extensions = HANDLER_EXTENSIONS,
): string[] {
  const folder = dirname(resolve(taskRoot, module))
  try {
    return readdirSync(folder)
      .filter((file) => extensions.some((extension) => file.endsWith(extension)))
      .map((file) => join(relative(taskRoot, folder), basename(file).replace(/\.[^.]+$/, '')))
  } catch {
    return []
  }
}
