import type { FunctionDefinition } from '../model/app.ts'
import { failpointVariables } from './failpoints.ts'

/** What the variables of a function say about where it runs. */
export interface Surroundings {
  readonly region: string
  /** `dev` gives dummy keys, so that nothing real is touched, and `IS_OFFLINE`. */
  readonly mode: 'dev' | 'start'
  /** Where functions reach the Lambda API; absent where no AWS endpoint listens. */
  readonly awsUrl?: string | undefined
  /** The server's own `PATH`: the only thing of its environment that functions see. */
  readonly path: string
}

const LOG_STREAM_BYTES = 16

/**
 * The whole environment of a function's process; nothing of the server's own comes in. The
 * manifest may set LANG, PATH, TZ and the like, and not what Lambda reserves.
 */
export function environmentVariables(
  fn: FunctionDefinition,
  around: Surroundings,
): Record<string, string> {
  return {
    LANG: 'en_US.UTF-8',
    PATH: around.path,
    TZ: ':UTC',
    ...(around.mode === 'dev' ? { IS_OFFLINE: 'true', ...DUMMY_KEYS } : {}),
    ...(around.awsUrl === undefined ? {} : { AWS_ENDPOINT_URL_LAMBDA: around.awsUrl }),
    ...fn.environment,
    ...reserved(fn, around.region),
    ...failpointVariables(),
  }
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
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${fn.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: logStreamName(),
    AWS_LAMBDA_LOG_FORMAT: fn.logFormat,
    // Node functions are fed over pipes; the name is set because code asks for it to know where it is.
    AWS_LAMBDA_RUNTIME_API: '169.254.100.1:9001',
    AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
    LAMBDA_TASK_ROOT: fn.taskRoot,
    LAMBDA_RUNTIME_DIR: '/var/runtime',
    PWD: fn.taskRoot,
    _HANDLER: fn.handler,
    SPILLWAY: '1',
  }
}

/** `2026/11/24/[$LATEST]` and 32 hexadecimal digits, one for each environment. */
function logStreamName(): string {
  const day = new Date().toISOString().slice(0, 10).replaceAll('-', '/')
  const random = crypto.getRandomValues(new Uint8Array(LOG_STREAM_BYTES))
  return `${day}/[$LATEST]${Buffer.from(random).toString('hex')}`
}
