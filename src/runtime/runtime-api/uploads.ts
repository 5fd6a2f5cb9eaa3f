import type { IncomingMessage } from 'node:http'

/** How much of an answer came, and how. */
export type Upload =
  | { readonly kind: 'whole'; readonly body: Buffer }
  | { readonly kind: 'too large' }
  /** The connection was closed in the middle of it. */
  | { readonly kind: 'cut off' }

/** The error that a runtime sends behind a streamed answer. */
export interface TrailingError {
  readonly errorType: string
  /** As the runtime sent it: JSON in base64. */
  readonly body: string
}

const TRAILER_TYPE = 'lambda-runtime-function-error-type'
const TRAILER_BODY = 'lambda-runtime-function-error-body'

/** What is told of a streamed answer. */
export interface StreamEvents {
  onChunk(bytes: Buffer): void
  /** It is all here, or was cut off: then `undefined`. */
  onEnd(end: { readonly error: TrailingError | undefined } | undefined): void
}

/** Passes a streamed answer on as it comes. */
export function readStream(request: IncomingMessage, events: StreamEvents): void {
  request.on('data', (chunk: Buffer) => events.onChunk(chunk))
  once(request, (isComplete) => {
    if (!isComplete) return events.onEnd(undefined)
    const errorType = request.trailers[TRAILER_TYPE]
    const body = request.trailers[TRAILER_BODY]
    const hasFailed = errorType !== undefined || body !== undefined
    events.onEnd({
      error: hasFailed ? { errorType: errorType ?? '', body: body ?? '' } : undefined,
    })
  })
}

/** Collects a body of at most so many bytes. What is beyond is read on, or its sender saw no answer. */
export function readWhole(
  request: IncomingMessage,
  bytesMax: number,
  done: (upload: Upload) => void,
): void {
  let chunks: Buffer[] = []
  let length = 0
  request.on('data', (chunk: Buffer) => {
    length += chunk.length
    if (length <= bytesMax) chunks.push(chunk)
    else chunks = []
  })
  once(request, (isComplete) => {
    if (length > bytesMax) done({ kind: 'too large' })
    else done(isComplete ? { kind: 'whole', body: Buffer.concat(chunks) } : { kind: 'cut off' })
  })
}

function once(request: IncomingMessage, done: (isComplete: boolean) => void): void {
  let isOver = false
  const end = (isComplete: boolean): void => {
    if (isOver) return
    isOver = true
    done(isComplete)
  }
  request.on('end', () => end(true))
  request.on('error', () => end(false))
  request.on('close', () => end(false))
}
