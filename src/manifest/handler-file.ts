import { basename, dirname, extname } from 'node:path'
import type { FunctionDefinition, HttpApi, Service } from '../model/app.ts'
import { apiId } from './api-id.ts'
import { displayPath } from './files.ts'
import type { Report } from './report.ts'

/** One handler file as a service of its own: one function behind an HTTP API that takes everything. */
export interface HandlerFile {
  readonly service: Service
  readonly definition: FunctionDefinition
  readonly api: HttpApi
}

/** Reads `hello.mjs`, or a `bootstrap`, as a service; undefined, and an error, where no handler can name the file. */
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
    ...(basename(path) === 'bootstrap'
      ? { runtime: 'provided.al2023', handler: module }
      : { runtime: 'nodejs24.x', handler: `${module}.handler` }),
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
  return { service, definition, api: catchAllApi(name, place) }
}

function catchAllApi(name: string, place: FunctionDefinition['place']): HttpApi {
  const route = {
    method: 'ANY',
    path: '$default',
    functionName: name,
    timeoutMs: 30_000,
    apiKeyRequired: false,
    place,
  }
  return {
    id: apiId(name, '$default', 'httpapi'),
    service: name,
    front: 'httpapi',
    stage: '$default',
    payload: '2.0',
    routes: [route],
    binaryMediaTypes: [],
    stageVariables: {},
    apiKeys: [],
  }
}
