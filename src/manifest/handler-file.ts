import { readFileSync } from 'node:fs'
import { basename, dirname, extname } from 'node:path'
import type { FunctionDefinition, HttpApi, Service } from '../model/app.ts'
import { displayPath } from './files.ts'
import { functionUrl } from './function-url.ts'
import { DEFAULT_STAGE } from './manifest.ts'
import type { Report } from './report.ts'

/** One handler file as a service of its own: one function with a URL. */
export interface HandlerFile {
  readonly service: Service
  readonly definition: FunctionDefinition
  readonly api: HttpApi
}

/** The runtime of a `.py`; another Python that is installed serves as well. */
const PYTHON_RUNTIME = 'python3.13'

/** Reads `hello.mjs`, `app.py` or a `bootstrap` as a service; undefined, and an error, where no handler can name the file. */
export function readHandlerFile(path: string, report: Report): HandlerFile | undefined {
  const module = basename(path, extname(path))
  const file = displayPath(path)
  const place = { file, line: 1, column: 1 }
  if (module.includes('.')) {
    // `module.export`: Lambda ends the module's name at the first dot.
    report.error(place, `expected a name without another dot, such as hello${extname(path)}`)
    return undefined
  }
  const name = module.replace(/[^\w-]/g, '-')
  const directory = dirname(path)
  const service: Service = { name, directory, manifest: file }
  const definition: FunctionDefinition = {
    name,
    key: name,
    service: name,
    ...runtimeOf(path, module),
    taskRoot: directory,
    timeoutMs: 6000,
    memoryMb: 1024,
    description: '',
    environment: {},
    tags: {},
    logFormat: 'Text',
    environmentConcurrency: 1,
    layers: [],
    place,
  }
  return { service, definition, api: functionUrl(definition, DEFAULT_STAGE, {}) }
}

function runtimeOf(path: string, module: string): Pick<FunctionDefinition, 'runtime' | 'handler'> {
  if (basename(path) === 'bootstrap') return { runtime: 'provided.al2023', handler: module }
  if (extname(path) !== '.py') return { runtime: 'nodejs24.x', handler: `${module}.handler` }
  return { runtime: PYTHON_RUNTIME, handler: `${module}.${pythonFunction(path)}` }
}

/** `handler`, or else `lambda_handler` where the file has that: what AWS's own console writes. */
function pythonFunction(path: string): string {
  const text = readFileSync(path, 'utf8')
  const has = (name: string): boolean => new RegExp(`^(?:def )?${name}\\b`, 'm').test(text)
  return !has('handler') && has('lambda_handler') ? 'lambda_handler' : 'handler'
}
