import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AwsOptions } from '../options.ts'
import type { SqsContext } from './operation.ts'

/** What the operations of one request work with. */
export function sqsContext(
  request: IncomingMessage,
  response: ServerResponse,
  { app, queues, clock, stopping }: Pick<AwsOptions, 'app' | 'queues' | 'clock' | 'stopping'>,
  purgedMs: SqsContext['purgedMs'],
): SqsContext {
  const { accountId, region } = app()
  const { headers, url = '/' } = request
  const left = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) left.abort()
  })
  return {
    queues,
    accountId,
    region,
    baseUrl: `http://${headers.host}`,
    path: url.split('?', 1)[0] ?? '/',
    signal: AbortSignal.any([left.signal, stopping]),
    clock,
    purgedMs,
  }
}
