import { answer, reject } from './answer.ts'
import type { Asked } from './asked.ts'
import type { Running } from './running.ts'
import type { Settings } from './settings.ts'

/** The context object; the callbacks exist only up to Node 22 (RIC 3.3 and 4.0). */
export function createContext(
  running: Running,
  { takesCallbacks, context: common }: Settings,
  { fields, isHttp }: Asked,
): Record<string, unknown> {
  const [id, timeoutMs, , arn, clientContext = ''] = fields
  const deadlineMs = Date.now() + Number(timeoutMs)
  const context: Record<string, unknown> = {
    clientContext:
      isHttp || clientContext === '' ? undefined : JSON.parse(unescapeLines(clientContext)),
    identity: undefined,
    invokedFunctionArn: arn,
    awsRequestId: id,
    tenantId: undefined,
    getRemainingTimeInMillis: () => deadlineMs - Date.now(),
    ...common,
  }
  if (!takesCallbacks) return context
  return Object.assign(context, {
    callbackWaitsForEmptyEventLoop: true,
    succeed: (result?: unknown) => answer(running, result),
    fail: (error?: unknown) => reject(running, error ?? 'handled'),
    done: (error?: unknown, result?: unknown) =>
      error === undefined || error === null ? answer(running, result) : reject(running, error),
  })
}

/** Heads are latin1: other characters travel escaped. */
function unescapeLines(text: string): string {
  return Buffer.from(text, 'base64').toString()
}
