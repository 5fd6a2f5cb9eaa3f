import { randomUUID } from 'node:crypto'
import type { Fire } from '../bus/fire.ts'
import { traceIdOf } from '../invoke/headers.ts'
import type { Invoker } from '../invoke/invocation.ts'
import type { Clock } from '../lib/clock.ts'
import type { App } from '../model/app.ts'
import { functionArn } from '../model/arn.ts'

export interface FireNowOptions {
  readonly invoker: Invoker
  readonly app: () => App
  readonly clock: Clock
  readonly onTrouble: (sentence: string) => void
}

/** As long as Lambda keeps an event. */
const EVENT_AGE_MAX_MS = 21_600_000

/** Has a function run at once, and not again: what does not begin is told of, and lost. */
export function createFireNow({ invoker, app, clock, onTrouble }: FireNowOptions): Fire {
  return async (functionName, eventJson, cause) => {
    const { functions, region, accountId } = app()
    if (!functions.some(({ name }) => name === functionName)) {
      throw new Error(`there is no function ${functionName}`)
    }
    const id = randomUUID()
    const invocation = {
      id,
      functionName,
      payload: { kind: 'json', json: Buffer.from(eventJson) },
      source: cause,
      deadlineMs: clock.nowMs() + EVENT_AGE_MAX_MS,
      invokedArn: functionArn(region, accountId, functionName),
      traceId: traceIdOf(undefined, id, clock.wallMs()),
    } as const
    invoker
      .invoke(invocation)
      .then((outcome) => {
        if (outcome.handlerStarted) return
        onTrouble(`${functionName} did not run for an event of a ${cause}: ${outcome.status}`)
      })
      .catch((error: unknown) => onTrouble(String(error)))
  }
}
