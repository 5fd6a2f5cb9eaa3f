/**
 * What runs inside a Node execution environment: loads the handler, then runs its invocations as
 * Lambda's Node runtime would (`docs/reference/node.md`). It works on Node 20 and later.
 */
import { armFrom } from '../failpoints.ts'
import { FRAME } from '../frames.ts'
import { waitForAdoption } from './adopt.ts'
import { provideAwslambda, streamingOf } from '../../lib/awslambda.ts'
import { send, sendLog } from './channel.ts'
import { patchConsole } from './console.ts'
import { catchFailures, fail, onLoaded } from './failures.ts'
import { openInput } from './input.ts'
import { loadHandler, LoadError, type Handler } from './load.ts'
import { openLoop } from './loop.ts'
import { measured } from './measure.ts'
import { endIfOrphaned } from './parent.ts'
import { allow, current } from './running.ts'
import { readSettings, type Settings } from './settings.ts'
import { provideTraceId } from './trace-id.ts'

endIfOrphaned()

// On Lambda no module of a function is the main one; packages look for their application there.
Reflect.deleteProperty(process, 'mainModule')

const input = openInput()
if (process.env['SPILLWAY_SPARE'] === '1') waitForAdoption(input, () => void begin())
else void begin()

async function begin(): Promise<void> {
  const sinceMs = performance.now()
  armFrom(process.env)
  const settings = readSettings(process.env)
  allow(settings.concurrency)
  provideTraceId()
  provideAwslambda(process.env)
  patchConsole(
    (text) => sendLog(liveSeq(), text),
    () => current()?.id,
  )
  catchFailures()
  try {
    const handler = await loadHandler(settings.taskRoot, settings.handlerName)
    const streaming = streamingOf(handler)
    if (streaming === undefined) refuseCallbackHandler(settings, handler)
    onLoaded()
    openLoop(input, { settings, handler, streaming })
    send(FRAME.ready, 0, measured(sinceMs), '')
  } catch (error) {
    fail('Uncaught Exception', error, 1)
  }
}

/** Late words of an invocation that is over are nobody's. */
function liveSeq(): number {
  const running = current()
  return running === undefined || running.over ? 0 : running.seq
}

function refuseCallbackHandler({ takesCallbacks, nodeMajor }: Settings, handler: Handler): void {
  if (takesCallbacks || handler.length < 3) return
  throw new LoadError(
    'Runtime.CallbackHandlerDeprecated',
    `ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js ${nodeMajor} or later. For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.`,
  )
}
