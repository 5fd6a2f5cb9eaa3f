import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { FunctionDefinition } from '../model/app.ts'
import { failpointVariables } from './failpoints.ts'

/** What the variables of a function say about where it runs. */
export interface Surroundings {
  readonly region: string
  /** `dev` gives dummy keys, so that nothing real is touched, and `IS_OFFLINE`. */
  readonly mode: 'dev' | 'start'
  /** Where functions reach the Lambda API; absent where no AWS endpoint listens. */
  readonly awsUrl?: string | undefined
  /** By the URL that manifests know a queue by, the one here; undefined where queues are AWS's own. */
  readonly queueUrls?: ReadonlyMap<string, string> | undefined
  /** The server's own `PATH`: the only thing of its environment that functions see. */
  readonly path: string
  /** With `credentials: inherit`: the variables that hold them. `dev` passes none on. */
  readonly credentials?: Readonly<Record<string, string>>
  /** In `dev`, instead of the dummy keys: where the AWS endpoint wants requests signed. */
  readonly signingKey?:
    | { readonly accessKeyId: string; readonly secretAccessKey: string }
    | undefined
  /** Functions, by deployed name, that run as the server's own user as no other can read them. */
  readonly keepUser?: ReadonlySet<string>
}

const LOG_STREAM_BYTES = 16
const XRAY_DAEMON = { host: '169.254.79.129', port: '2000' }

/**
 * The whole environment of a function's process; nothing of the server's own comes in. The
 * manifest may set LANG, PATH, TZ and the like, and not what Lambda reserves (Lambda Developer Guide,
 * "Defined runtime environment variables"). `roots`: where the content of the layers is.
 */
export function environmentVariables(
  fn: FunctionDefinition,
  around: Surroundings,
  roots: readonly string[] = ['/opt'],
): Record<string, string> {
  const credentials = around.mode === 'dev' ? devKeys(around) : around.credentials
  return {
    LANG: 'en_US.UTF-8',
    PATH: [around.path, ...roots.map((root) => `${root}/bin`)].join(':'),
    TZ: ':UTC',
    ...searchPaths(fn, roots),
    ...(around.mode === 'dev' ? { IS_OFFLINE: 'true' } : {}),
    ...credentials,
    ...endpoints(around),
    AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
    AWS_XRAY_DAEMON_ADDRESS: `${XRAY_DAEMON.host}:${XRAY_DAEMON.port}`,
    ...withQueueUrls(fn.environment, around.queueUrls),
    ...reserved(fn, around.region),
    ...failpointVariables(),
  }
}

/** Never the global `AWS_ENDPOINT_URL`: what is not served here is AWS's. */
function endpoints({ awsUrl, queueUrls }: Surroundings): Record<string, string> {
  if (awsUrl === undefined) return {}
  return {
    AWS_ENDPOINT_URL_LAMBDA: awsUrl,
    ...(queueUrls === undefined ? {} : { AWS_ENDPOINT_URL_SQS: awsUrl }),
  }
}

/** A client sends where the queue's URL points: those of queues that are here must lead here. */
function withQueueUrls(
  environment: Readonly<Record<string, string>>,
  urls: Surroundings['queueUrls'],
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [name, urls?.get(value) ?? value]),
  )
}

/** Where a runtime looks for modules and libraries beside the function's own. */
function searchPaths(
  { runtime, taskRoot, layers }: FunctionDefinition,
  roots: readonly string[],
): Record<string, string> {
  const paths: Record<string, string> = {}
  const node = /^nodejs(\d+)/.exec(runtime)?.[1]
  const python = /^python(\d+\.\d+)/.exec(runtime)?.[1]
  if (node !== undefined) {
    const folders = roots.flatMap((root) => [
      `${root}/nodejs/node${node}/node_modules`,
      `${root}/nodejs/node_modules`,
    ])
    paths['NODE_PATH'] = [...folders, taskRoot].join(':')
  }
  if (python !== undefined) {
    const folders = roots.flatMap((root) => [
      `${root}/python`,
      `${root}/python/lib/python${python}/site-packages`,
    ])
    paths['PYTHONPATH'] = folders.join(':')
    paths['LC_CTYPE'] = 'C.UTF-8'
  }
  // Set only where there may be something: for one that runs under a user of its own it costs a program.
  if (layers.length > 0 || existsSync(join(taskRoot, 'lib'))) {
    const folders = roots.map((root) => `${root}/lib`)
    paths['LD_LIBRARY_PATH'] = [taskRoot, `${taskRoot}/lib`, ...folders].join(':')
  }
  return paths
}

function devKeys({ signingKey }: Surroundings): Record<string, string> {
  if (signingKey === undefined) return DUMMY_KEYS
  const { accessKeyId, secretAccessKey } = signingKey
  return { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }
}

const DUMMY_KEYS = {
  AWS_ACCESS_KEY_ID: 'spillway',
  AWS_SECRET_ACCESS_KEY: 'spillway',
  AWS_SESSION_TOKEN: 'spillway',
}

/** Names a manifest cannot set: Lambda reserves them. */
function reserved(fn: FunctionDefinition, region: string): Record<string, string> {
  const provided = fn.runtime.startsWith('provided')
  return {
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    ...(provided ? {} : { AWS_EXECUTION_ENV: `AWS_Lambda_${fn.runtime}` }),
    AWS_LAMBDA_FUNCTION_NAME: fn.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(fn.memoryMb),
    ...manyAtOnce(fn),
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${fn.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: logStreamName(),
    AWS_LAMBDA_LOG_FORMAT: fn.logFormat,
    // Node functions are fed over pipes; the name is set because code asks for it to know where it is.
    AWS_LAMBDA_RUNTIME_API: '169.254.100.1:9001',
    _AWS_XRAY_DAEMON_ADDRESS: XRAY_DAEMON.host,
    _AWS_XRAY_DAEMON_PORT: XRAY_DAEMON.port,
    LAMBDA_TASK_ROOT: fn.taskRoot,
    LAMBDA_RUNTIME_DIR: '/var/runtime',
    PWD: fn.taskRoot,
    SHLVL: '0',
    _HANDLER: fn.handler,
    SPILLWAY: '1',
  }
}

/** What AWS's runtimes on Managed Instances go by when they take several invocations at once. */
function manyAtOnce({ environmentConcurrency }: FunctionDefinition): Record<string, string> {
  if (environmentConcurrency === 1) return { AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand' }
  return {
    AWS_LAMBDA_INITIALIZATION_TYPE: 'lambda-managed-instances',
    AWS_LAMBDA_MAX_CONCURRENCY: String(environmentConcurrency),
  }
}

/** `2026/11/24/[$LATEST]` and 32 hexadecimal digits, one for each environment. */
function logStreamName(): string {
  const day = new Date().toISOString().slice(0, 10).replaceAll('-', '/')
  const random = crypto.getRandomValues(new Uint8Array(LOG_STREAM_BYTES))
  return `${day}/[$LATEST]${Buffer.from(random).toString('hex')}`
}
