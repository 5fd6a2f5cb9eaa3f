/** How Lambda's Node runtime marks a streaming handler (its UserFunction). */
const STREAMING: unique symbol = Symbol.for('aws.lambda.runtime.handler.streaming')
const HIGH_WATER_MARK: unique symbol = Symbol.for(
  'aws.lambda.runtime.handler.streaming.highWaterMark',
)

/** The type of a response that begins with its status and headers. */
const WITH_PRELUDE = 'application/vnd.awslambda.http-integration-response'
const DELIMITER_BYTES = 8

/** Any function: who calls it knows what it takes. */
type Marked = ((...given: never[]) => unknown) & {
  [STREAMING]?: unknown
  [HIGH_WATER_MARK]?: unknown
}

/** What of a response stream the prelude needs; frameworks bring streams of their own. */
interface Preludable {
  setContentType(contentType: string): void
  _onBeforeFirstWrite?: ((write: (chunk: unknown) => void) => void) | undefined
}

/**
 * The global `awslambda` that streaming functions use without importing it; absent where
 * `AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA` says so.
 */
export function provideAwslambda(env: NodeJS.ProcessEnv): void {
  const off = env['AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA']
  if (off === '1' || off === 'true') return
  Object.assign(globalThis, { awslambda: { streamifyResponse, HttpResponseStream } })
}

function streamifyResponse(handler: Marked, options?: { highWaterMark?: unknown }): Marked {
  handler[STREAMING] = 'response'
  const mark = options?.highWaterMark
  if (typeof mark === 'number') handler[HIGH_WATER_MARK] = Math.trunc(mark)
  return handler
}

/** Gives a response status and headers: JSON and eight NUL bytes before its first byte. */
const HttpResponseStream = {
  from(stream: Preludable, prelude: unknown): Preludable {
    stream.setContentType(WITH_PRELUDE)
    const json = JSON.stringify(prelude)
    stream._onBeforeFirstWrite = (write) => {
      write(json)
      write(new Uint8Array(DELIMITER_BYTES))
    }
    return stream
  },
}

/** How a handler wants its stream; undefined where it does not stream. */
export interface Streaming {
  readonly highWaterMark: number | undefined
}

export function streamingOf(handler: Marked): Streaming | undefined {
  const marked = handler[STREAMING]
  if (marked === undefined || marked === null || marked === false) return undefined
  const mark = handler[HIGH_WATER_MARK]
  return { highWaterMark: typeof mark === 'number' && mark > 0 ? mark : undefined }
}
