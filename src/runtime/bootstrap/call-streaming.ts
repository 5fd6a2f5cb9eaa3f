import { FRAME } from '../frames.ts'
import { finish, reject, tooLarge } from './answer.ts'
import type { Streaming } from '../../lib/awslambda.ts'
import { send } from './channel.ts'
import type { Handler } from './load.ts'
import { ResponseStream, STREAM_BYTES_MAX } from '../../lib/response-stream.ts'
import type { Running } from './running.ts'

/**
 * Calls a streaming handler. The invocation is over when its promise has settled *and* the stream
 * has ended: a handler that does not end it runs into its timeout, as on Lambda.
 */
export function callStreaming(
  running: Running,
  handler: Handler,
  event: unknown,
  { highWaterMark }: Streaming,
): void {
  const stream = createStream(running, highWaterMark)
  running.stream = stream
  const returned = (handler as StreamingHandler)(event, stream, running.context)
  if (typeof (returned as { then?: unknown } | undefined)?.then !== 'function') {
    return reject(running, 'Streaming does not support non-async handlers.')
  }
  running.isAsync = true
  ;(returned as PromiseLike<unknown>).then(
    (value) => {
      // oxlint-disable-next-line no-console
      if (value !== undefined) console.warn('Streaming handlers ignore return values.')
      if (stream.writableFinished) end(running)
      else stream.once('finish', () => end(running))
    },
    (error) => reject(running, error),
  )
}

type StreamingHandler = (event: unknown, stream: ResponseStream, context: object) => unknown

function createStream(running: Running, highWaterMark: number | undefined): ResponseStream {
  const { seq } = running
  const stream = new ResponseStream(
    {
      start: (contentType) => send(FRAME.stream, seq, oneLine(contentType), ''),
      write: (bytes) => send(FRAME.chunk, seq, '', bytes),
      onTooLarge() {
        if (running.over) return
        finish(running, FRAME.streamEnd, '', tooLarge(STREAM_BYTES_MAX))
        stream.destroy()
      },
    },
    highWaterMark,
  )
  stream.on('error', (error) => reject(running, error))
  stream.on('close', () => {
    if (stream.writableFinished || running.over) return
    reject(running, new Error('The response stream was destroyed before its end'))
  })
  return stream
}

/** Heads are latin1 and hold a field a line. */
function oneLine(text: unknown): string {
  return String(text).replaceAll(/[^\x20-\x7e]/g, '')
}

function end(running: Running): void {
  if (!running.over) finish(running, FRAME.streamEnd, '', '')
}
