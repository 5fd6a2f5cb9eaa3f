import { existsSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/** A handler as users write them; what it may be given depends on the runtime. */
export type Handler = (event: unknown, context: object, callback?: Callback) => unknown
export type Callback = (error?: unknown, result?: unknown) => void

/** An error that the runtime, and not the user's code, found while it loaded the handler. */
export class LoadError extends Error {
  constructor(name: string, message: string) {
    super(message)
    Object.defineProperty(this, 'name', { value: name })
  }
}

/** In Lambda's order, with TypeScript's extensions after each of JavaScript's. */
const EXTENSIONS = ['', '.js', '.ts', '.tsx', '.jsx', '.mjs', '.mts', '.cjs', '.cts']
const TYPESCRIPT = new Set(['.ts', '.tsx', '.mts', '.cts', '.jsx'])

/**
 * Loads `dir/module.export.path` from the task root, with the errors of Lambda's Node runtime
 * (aws-lambda-nodejs-runtime-interface-client, UserFunction): the names are part of its contract.
 * @throws {LoadError} `Runtime.MalformedHandlerName`, `Runtime.ImportModuleError`,
 *   `Runtime.UserCodeSyntaxError`, `Runtime.HandlerNotFound`, `Runtime.CallbackHandlerDeprecated`.
 */
export async function loadHandler(taskRoot: string, name: string): Promise<Handler> {
  const { path, exportPath } = parseName(name)
  const module = await loadModule(taskRoot, path)
  const handler = exportPath
    .split('.')
    .reduce<unknown>((at, key) => (isContainer(at) ? at[key] : undefined), module)
  if (handler === undefined || handler === null) {
    throw new LoadError('Runtime.HandlerNotFound', `${name} is undefined or not exported`)
  }
  if (typeof handler !== 'function') {
    throw new LoadError('Runtime.HandlerNotFound', `${name} is not a function`)
  }
  return handler as Handler
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}

function parseName(name: string): { path: string; exportPath: string } {
  if (name.includes('..')) {
    throw new LoadError(
      'Runtime.MalformedHandlerName',
      `'${name}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    )
  }
  const slash = name.lastIndexOf('/') + 1
  const dot = name.indexOf('.', slash)
  if (dot === -1) throw new LoadError('Runtime.MalformedHandlerName', 'Bad handler')
  return { path: name.slice(0, dot), exportPath: name.slice(dot + 1) }
}

async function loadModule(taskRoot: string, path: string): Promise<unknown> {
  const base = resolve(taskRoot, path)
  const extension = EXTENSIONS.find((each) => isFile(base + each))
  try {
    if (extension !== undefined) return await loadFile(base + extension)
    const require = createRequire(join(taskRoot, 'noop.js'))
    return require(require.resolve(path, { paths: [taskRoot] })) as unknown
  } catch (error) {
    throw asLoadError(error)
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}

async function loadFile(file: string): Promise<unknown> {
  const extension = extname(file)
  const transpiled = TYPESCRIPT.has(extension) || hasModuleSyntax(file, extension)
  if (transpiled) await registerTranspiler()
  const esm = extension === '.mjs' || extension === '.mts' || isModulePackage(file, extension)
  if (esm) return await import(pathToFileURL(file).href)
  return createRequire(file)(file) as unknown
}

/**
 * TypeScript, and ESM syntax in a `.js` that Node would read as CommonJS, are transpiled as they
 * load and not bundled: bundling broke real applications, which look files up beside their sources.
 */
async function registerTranspiler(): Promise<void> {
  const [esm, cjs] = await Promise.all([import('tsx/esm/api'), import('tsx/cjs/api')])
  esm.register()
  cjs.register()
}

const MODULE_SYNTAX = /^\s*(?:import\s*[\w{*"']|export\s+[\w{*])/m

function hasModuleSyntax(file: string, extension: string): boolean {
  if (extension !== '.js' || isModulePackage(file, extension)) return false
  return MODULE_SYNTAX.test(readFileSync(file, 'utf8'))
}

/** Whether the nearest package.json, stopping at `node_modules`, says `"type": "module"`. */
function isModulePackage(file: string, extension: string): boolean {
  if (!['.js', '.ts', '.tsx', '.jsx'].includes(extension)) return false
  for (let dir = dirname(file); ; dir = dirname(dir)) {
    if (dir.endsWith('node_modules')) return false
    const manifest = join(dir, 'package.json')
    if (existsSync(manifest)) {
      const { type } = JSON.parse(readFileSync(manifest, 'utf8')) as { type?: string }
      return type === 'module'
    }
    if (dir === dirname(dir)) return false
  }
}

/** Lambda's names for what goes wrong while loading; the user's own errors keep theirs. */
function asLoadError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND') {
    return renamed(error, 'Runtime.ImportModuleError', `Error: ${error.message}${sdkHint(error)}`)
  }
  if (error instanceof SyntaxError || error.name === 'TransformError') {
    return renamed(error, 'Runtime.UserCodeSyntaxError', `SyntaxError: ${error.message}`)
  }
  return error
}

function renamed(error: Error, name: string, message: string): LoadError {
  const load = new LoadError(name, message)
  load.stack = `${name}: ${message}\n${(error.stack ?? '').split('\n').slice(1).join('\n')}`
  return load
}

/** Lambda's managed runtimes bring the SDK along, so projects do not list it. */
function sdkHint(error: Error): string {
  const sdk = /'(aws-sdk|@aws-sdk\/[\w-]+)'/.exec(error.message)?.[1]
  if (sdk === undefined) return ''
  return `\nLambda provides ${sdk} to functions and this machine does not: npm install ${sdk}`
}
