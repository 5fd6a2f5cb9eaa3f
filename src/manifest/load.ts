import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { ManifestError, type Place, type Problem } from '../lib/errors.ts'
import { DEFAULT_ACCOUNT_ID } from '../model/arn.ts'
import type { App } from '../model/app.ts'
import { applyAssignments } from './assignments.ts'
import { joinBackground } from './background.ts'
import { parseDotenv, type Variables } from './dotenv.ts'
import { readEnvironments } from './environments.ts'
import { checkAuthorizers } from './check-authorizers.ts'
import { createFiles, displayPath, isFile } from './files.ts'
import { findSource, type Found } from './find.ts'
import type { Context } from './manifest.ts'
import { applyRateLimits } from './rate-limit.ts'
import { readRedis } from './redis.ts'
import { withDeliveries, withTakenQueues } from './queue-work.ts'
import { readQueueEngine } from './queue-engine.ts'
import { createReport, type Report } from './report.ts'
import { readService, sectionOfFile, stageOf, type ServicePart } from './service.ts'
import { readSection, type Section } from './spillway-yml.ts'
import { readTrustedProxies } from './trusted-proxies.ts'
import { checkNames, checkRoutes, checkSchedules } from './unique.ts'

/** What to load, as the command line says it. */
export interface LoadOptions {
  /** Directories, manifests, `spillway.yml`s or handler files; each one becomes a service. */
  readonly paths: readonly string[]
  /** A `spillway.yml` to use instead of the one beside each manifest. */
  readonly config?: string
  /** `--stage`. Default: the manifest's own, else `dev`. */
  readonly stage?: string
  /** `--region`. Default: the manifest's own, else `us-east-1`. */
  readonly region?: string
  /** `--param`, for `${param:…}`. */
  readonly params?: Readonly<Record<string, string>>
  /** A file of `NAME=value` lines for `${env:…}`; `env` wins over it. */
  readonly envFile?: string
  /** What `${env:…}` sees: the process's environment. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** What else is wrong with what was read. Default: nothing is. */
  readonly check?: (app: App) => readonly Problem[]
}

/**
 * Reads manifests into an application. What is not understood, or not served yet, becomes a note.
 * @throws {ManifestError} with everything that stops it from being served rightly, each with its place.
 */
export async function loadApp(options: LoadOptions): Promise<App> {
  const report = createReport()
  const app = assemble(options, report)
  for (const { place, message } of options.check?.(app) ?? []) report.error(place, message)
  if (report.errors.length > 0) throw new ManifestError(report.errors)
  return app
}

function assemble(options: LoadOptions, report: Report): App {
  const files = createFiles(report)
  const { stage, region, params = {} } = options
  const env = { ...readEnvFile(options, report), ...options.env }
  const context: Context = { settings: { stage, region, params, env }, files, report }
  const parts = findSources(options, report)
    .map((found) => readService(found, context))
    .filter((part) => part !== undefined)
  const functions = parts.flatMap((part) => part.functions)
  const apis = parts.flatMap((part) => part.apis)
  const joined = joinBackground(parts.flatMap((part) => part.background ?? []))
  checkNames(functions, report)
  checkSchedules(joined?.schedules ?? [], report)
  checkRoutes(apis, report)
  checkAuthorizers(apis, functions, report)
  const sections = readSections(options, parts, context)
  const { limits, runs, deliveries } = applyAssignments(
    [...parts.flatMap((part) => part.assignments), ...sections.flatMap(readSection)],
    new Map(functions.map(({ name, service }) => [name, service])),
    report,
  )
  const background = withDeliveries(joined, deliveries)
  const common = stageOf(parts, context.settings)
  noteOtherStages(parts, common, report)
  return {
    accountId: DEFAULT_ACCOUNT_ID,
    ...common,
    services: parts.map(({ service }) => service),
    functions: functions.map((each) => ({ ...each, ...runs.get(each.name) })),
    apis: applyRateLimits(apis, sections),
    limits,
    ...readQueueEngine(sections),
    trustedProxies: [...new Set(sections.flatMap(readTrustedProxies))],
    ...readEnvironments(sections),
    ...readRedis(sections),
    ...(background === undefined ? {} : { background: withTakenQueues(background) }),
    notes: report.notes,
    files: [...files.paths],
  }
}

function findSources({ paths }: LoadOptions, report: Report): Found[] {
  if (paths.length === 0) {
    const message = 'expected a directory, a serverless.yml or a handler file, got no path'
    report.error(placeOf('.'), message)
  }
  const found = paths.map((path) => findSource(path, report)).filter((each) => each !== undefined)
  // A folder and the manifest in it are the same service.
  return [...new Map(found.map((each) => [each.path, each])).values()]
}

function placeOf(path: string): Place {
  return { file: path, line: 1, column: 1 }
}

function readEnvFile({ envFile }: LoadOptions, report: Report): Variables {
  if (envFile === undefined) return {}
  const path = resolve(envFile)
  const text = isFile(path) ? readFileSync(path, 'utf8') : undefined
  if (text === undefined) report.error(placeOf(displayPath(path)), 'there is no such --env-file')
  return parseDotenv(text ?? '')
}

/** `custom.spillway` of every manifest, and the `spillway.yml` of each or the one that was named. */
function readSections(
  { config }: LoadOptions,
  parts: readonly ServicePart[],
  context: Context,
): Section[] {
  const named = config === undefined ? undefined : resolve(config)
  if (named !== undefined && context.files.read(named) === undefined) {
    context.report.error(placeOf(displayPath(named)), 'there is no such --config file')
  }
  const customs = parts.map((part) => part.custom)
  const files = named === undefined ? new Set(parts.map((part) => part.config)) : new Set([named])
  const configs = [...files].map((file) => {
    if (file === undefined) return undefined
    const own = named === undefined ? parts.filter((part) => part.config === file) : parts
    return sectionOfFile(file, own, context)
  })
  return [...customs, ...configs].filter((section) => section !== undefined)
}

/** An account has one region; a stage is only a word, but two of them are worth knowing of. */
function noteOtherStages(
  parts: readonly ServicePart[],
  common: Pick<App, 'stage' | 'region'>,
  report: Report,
): void {
  for (const { service, stage = common.stage, region = common.region } of parts) {
    if (region !== common.region || stage !== common.stage) {
      const message = `${service.name} is ${stage} in ${region}, the application ${common.stage} in ${common.region}`
      report.note(placeOf(service.manifest), message)
    }
  }
}
