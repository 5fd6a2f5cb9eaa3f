import { dirname } from 'node:path'
import type { FunctionDefinition, HttpApi, Service } from '../model/app.ts'
import { albApis } from './alb.ts'
import { RANK, type Assignment } from './assignments.ts'
import { readCauses, type ServiceBackground } from './causes.ts'
import { readRoutes } from './events.ts'
import type { Found } from './find.ts'
import { readFunctionLimits } from './function-limits.ts'
import { readFunctionUrl } from './function-url.ts'
import { readFunctions } from './functions.ts'
import { readHandlerFile } from './handler-file.ts'
import { httpApi } from './http-api.ts'
import {
  DEFAULT_REGION,
  DEFAULT_STAGE,
  openManifest,
  readingOf,
  scopeOf,
  type Context,
  type Manifest,
  type Settings,
} from './manifest.ts'
import { notePlugins } from './plugins.ts'
import { noteSlipsOfManifest } from './slips.ts'
import { readQueueWork } from './queue-work.ts'
import { readQueues } from './queues.ts'
import { child } from './read.ts'
import { restApi } from './rest-api.ts'
import type { Section } from './spillway-yml.ts'

/** One service of an application, before its limits are put together. */
export interface ServicePart {
  readonly service: Service
  readonly functions: readonly FunctionDefinition[]
  readonly apis: readonly HttpApi[]
  readonly background?: ServiceBackground
  /** Absent for a handler file: nothing in it says one. */
  readonly stage?: string
  readonly region?: string
  /** What the manifest says about limits in AWS's own words, and in tags. */
  readonly assignments: readonly Assignment[]
  /** `custom.spillway`. */
  readonly custom?: Section
  /** The `spillway.yml` beside it. */
  readonly config?: string
}

/** Reads what a path led to; undefined, and errors, where there is nothing to be had from it. */
export function readService(found: Found, context: Context): ServicePart | undefined {
  const config = found.config === undefined ? {} : { config: found.config }
  if (found.kind === 'handler') {
    const file = readHandlerFile(found.path, context.report)
    if (file === undefined) return undefined
    const { service, definition, api } = file
    return { service, functions: [definition], apis: [api], assignments: [], ...config }
  }
  const manifest = openManifest(found.path, context)
  if (manifest === undefined || !isForAws(manifest)) return undefined
  return { ...readManifest(manifest), ...config }
}

function readManifest(manifest: Manifest): ServicePart {
  const { serviceName, directory, file, stage, region } = manifest
  notePlugins(manifest)
  noteSlipsOfManifest(manifest)
  const declared = readFunctions(manifest)
  const routes = readRoutes(manifest, declared)
  const apis = [
    restApi(manifest, routes),
    httpApi(manifest, routes.httpApi),
    ...declared.map((each) => readFunctionUrl(manifest, each)),
    ...albApis(manifest, routes.alb),
  ]
  const functions = declared.map(({ definition }) => definition)
  const names = new Set(functions.map(({ name }) => name))
  const node = child(manifest, manifest.root, 'custom', 'spillway')
  const custom =
    node === undefined ? {} : { custom: { ...manifest, node, functions, rank: RANK.custom } }
  return {
    service: { name: serviceName, directory, manifest: file },
    functions,
    apis: apis.filter((api) => api !== undefined),
    background: {
      ...readCauses(manifest, routes.causes, names),
      ...readQueueWork(manifest, declared, routes.causes),
      queues: readQueues(manifest),
    },
    stage,
    region,
    assignments: declared.flatMap((each) => readFunctionLimits(manifest, each)),
    ...custom,
  }
}

function isForAws(manifest: Manifest): boolean {
  const name = child(manifest, manifest.root, 'provider', 'name')
  if (name?.kind !== 'scalar' || name.value === 'aws') return true
  manifest.report.error(name.place, `expected the provider to be aws, got: "${name.value}"`)
  return false
}

/** The first manifest's stage and region; the command line's, or the defaults, without one. */
export function stageOf(
  parts: readonly ServicePart[],
  settings: Settings,
): { readonly stage: string; readonly region: string } {
  const { stage, region } = parts.find((part) => part.stage !== undefined) ?? settings
  return { stage: stage ?? DEFAULT_STAGE, region: region ?? DEFAULT_REGION }
}

/** A `spillway.yml` as a section; undefined, and an error, where it cannot be read. */
export function sectionOfFile(
  path: string,
  parts: readonly ServicePart[],
  context: Context,
): Section | undefined {
  const root = context.files.tree(path)
  if (root === undefined) return undefined
  const { stage, region } = stageOf(parts, context.settings)
  const base = { files: context.files, directory: dirname(path), stage, region }
  const reading = readingOf(scopeOf(root, base, context), context.report)
  const functions = parts.flatMap((part) => part.functions)
  return { ...reading, node: root, functions, rank: RANK.config }
}
