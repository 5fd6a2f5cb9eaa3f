/** What the variables say of the function; read when they are its own, which in a spare is late. */
export interface Settings {
  readonly taskRoot: string
  readonly handlerName: string
  /** Of the runtime that the manifest names, whatever Node runs this. */
  readonly nodeMajor: number
  /** Node 24's runtime passes no callback, and takes what a plain function returns. */
  readonly takesCallbacks: boolean
  /** How many invocations run at the same time. */
  readonly concurrency: number
  /** The properties of every context object that are the same for all. */
  readonly context: Readonly<Record<string, string | undefined>>
}

export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const nodeMajor = Number(/nodejs(\d+)/.exec(env['AWS_EXECUTION_ENV'] ?? '')?.[1] ?? 22)
  return {
    taskRoot: env['LAMBDA_TASK_ROOT'] ?? process.cwd(),
    handlerName: env['_HANDLER'] ?? '',
    nodeMajor,
    takesCallbacks: nodeMajor < 24,
    concurrency: Number(env['AWS_LAMBDA_MAX_CONCURRENCY'] ?? 1) || 1,
    context: {
      functionName: env['AWS_LAMBDA_FUNCTION_NAME'],
      functionVersion: env['AWS_LAMBDA_FUNCTION_VERSION'],
      memoryLimitInMB: env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE'],
      logGroupName: env['AWS_LAMBDA_LOG_GROUP_NAME'],
      logStreamName: env['AWS_LAMBDA_LOG_STREAM_NAME'],
    },
  }
}
