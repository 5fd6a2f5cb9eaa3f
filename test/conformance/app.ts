import type { App, FunctionDefinition, HttpApi, HttpRoute } from '../../src/model/app.ts'
import type { Cors } from '../../src/model/front-rules.ts'
import { functionArn } from '../../src/model/arn.ts'
import type { LimitsConfig } from '../../src/model/limits.ts'
import { NotBuilt, type Json } from './cases.ts'

export const REGION = 'us-east-1'
export const ACCOUNT_ID = '123456789012'
export const API_ID = 'a1b2c3d4e5'

const PLACE = { file: 'case', line: 1, column: 1 }
const GROUP = 'conformance'
const DEFAULT_TIMEOUTS_MS = {
  rest: 29_000,
  httpapi: 30_000,
  'function-url': 900_000,
  alb: 900_000,
} as const
const KNOWN_CONFIG = new Set(
  'front stage routes payload binaryMediaTypes stageVariables apiKeyRequired apiKeys integrationTimeoutMs authType invokeMode multiValueHeaders throttle cors'.split(
    ' ',
  ),
)

/** What a case says about a function; the rest is Lambda's defaults. */
export interface CaseFunction {
  readonly name: string
  readonly taskRoot: string
  readonly runtime?: string
  readonly handler?: string
  readonly timeoutMs?: number
  readonly memoryMb?: number
  readonly environment?: Readonly<Record<string, string>>
  readonly logFormat?: 'Text' | 'JSON'
}

/** An app of these functions and, where given, one API. Nothing waits for limits. */
export function appOf(
  functions: readonly CaseFunction[],
  options: { readonly api?: HttpApi; readonly throttled?: string } = {},
): App {
  return {
    accountId: ACCOUNT_ID,
    region: REGION,
    stage: 'dev',
    services: [{ name: GROUP, directory: functions[0]?.taskRoot ?? '/', manifest: 'case' }],
    functions: functions.map(definition),
    apis: options.api === undefined ? [] : [options.api],
    limits: limitsOf(functions, options.throttled),
    trustedProxies: ['127.0.0.1'],
    credentials: 'none',
    spares: 0,
    notes: [],
    files: [],
  }
}

function definition(given: CaseFunction): FunctionDefinition {
  return {
    name: given.name,
    key: given.name,
    service: GROUP,
    runtime: given.runtime ?? 'nodejs24.x',
    handler: given.handler ?? 'index.handler',
    taskRoot: given.taskRoot,
    timeoutMs: given.timeoutMs ?? 30_000,
    memoryMb: given.memoryMb ?? 128,
    description: '',
    environment: given.environment ?? {},
    tags: {},
    logFormat: given.logFormat ?? 'Text',
    environmentConcurrency: 1,
    layers: [],
    place: PLACE,
  }
}

/** A throttle is made by a limit of 0: the account's own, or the function's reservation. */
function limitsOf(functions: readonly CaseFunction[], throttled: string | undefined): LimitsConfig {
  const reserved = throttled?.startsWith('Reserved') === true
  const own = { group: GROUP, maxWaitMs: 0, ...(reserved ? { reservedConcurrency: 0 } : {}) }
  return {
    account: { maxConcurrency: throttled !== undefined && !reserved ? 0 : 1000 },
    groups: { [GROUP]: {} },
    functions: Object.fromEntries(functions.map(({ name }) => [name, own])),
  }
}

/**
 * The API of a case's `config`; `functionFor` names the function behind each route key.
 * @throws {NotBuilt} for a front end or a setting that the model does not have yet.
 */
export function apiOf(config: Json, functionFor: (routeKey: string) => string): HttpApi {
  const front = frontOf(config)
  for (const key of Object.keys(config)) {
    if (!KNOWN_CONFIG.has(key)) throw new NotBuilt(`config ${key}`)
  }
  const routeKeys: string[] = config.routes ?? ['$default']
  return {
    id: API_ID,
    service: GROUP,
    front,
    stage: config.stage ?? '$default',
    payload: front === 'rest' ? '1.0' : (config.payload ?? '2.0'),
    routes: routeKeys.map((key) => routeOf(key, functionFor(key), config)),
    binaryMediaTypes: config.binaryMediaTypes ?? [],
    stageVariables: config.stageVariables ?? {},
    multiValueHeaders: config.multiValueHeaders ?? false,
    responseMode: config.invokeMode === 'RESPONSE_STREAM' ? 'stream' : 'buffered',
    apiKeys: config.apiKeys ?? [],
    ...(config.cors === undefined ? {} : { cors: corsOf(config.cors) }),
  }
}

/** HTTP APIs and Function URLs spell the same words differently. */
function corsOf(given: Json): Cors {
  const cors = Object.fromEntries(
    Object.entries(given).map(([key, value]) => [key[0]?.toLowerCase() + key.slice(1), value]),
  ) as Json
  return {
    allowOrigins: cors.allowOrigins ?? [],
    allowMethods: cors.allowMethods ?? [],
    allowHeaders: cors.allowHeaders ?? [],
    exposeHeaders: cors.exposeHeaders ?? [],
    allowCredentials: cors.allowCredentials ?? false,
    ...(cors.maxAge === undefined ? {} : { maxAgeS: cors.maxAge }),
  }
}

function frontOf({ front, authType = 'NONE' }: Json): HttpApi['front'] {
  if (!(front in DEFAULT_TIMEOUTS_MS)) throw new NotBuilt(`front ${front}`)
  if (authType !== 'NONE' && authType !== 'AWS_IAM') throw new NotBuilt(`authType ${authType}`)
  return front
}

function routeOf(routeKey: string, functionName: string, config: Json): HttpRoute {
  const [method = 'ANY', path] = routeKey.split(' ')
  return {
    method: path === undefined ? 'ANY' : method,
    path: path ?? routeKey,
    functionName,
    timeoutMs: config.integrationTimeoutMs ?? DEFAULT_TIMEOUTS_MS[frontOf(config)],
    apiKeyRequired: config.apiKeyRequired ?? false,
    ...(config.throttle === undefined ? {} : { throttle: config.throttle }),
    ...(config.authType === 'AWS_IAM' ? { authorizer: { kind: 'iam' } as const } : {}),
    place: PLACE,
  }
}

/** A name that Lambda would accept, from a case's id. */
export function functionNameOf(id: string): string {
  return id.replace(/[^A-Za-z0-9_-]/g, '-').slice(0, 60)
}

/** What `${…}` stands for in every case about a function. */
export function variablesOf(functionName: string): Record<string, string> {
  return {
    apiId: API_ID,
    fnName: functionName,
    fnArn: functionArn(REGION, ACCOUNT_ID, functionName),
  }
}
