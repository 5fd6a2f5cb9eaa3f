import { randomUUID } from 'node:crypto'
import { evaluatePolicy } from '../auth/iam-policy.ts'
import { executeApiArn, toAuthorizerEvent } from '../events/authorizer-event.ts'
import type { RouteContext } from '../events/http.ts'
import type { Outcome } from '../invoke/invocation.ts'
import type { LambdaAuthorizer } from '../model/authorizer.ts'
import { functionArn } from '../model/arn.ts'
import type { AuthorizerAnswer, Context } from './authorizer-answer.ts'
import { readAnswer } from './authorizer-answer.ts'
import { cacheKey, type AuthorizerCache } from './authorizer-cache.ts'
import type { Arrival, Guard, Verdict } from './guard.ts'
import type { GuardParts } from './guards.ts'
import { identityReader } from './identity.ts'
import { refuse } from './refuse.ts'
import { toRouteContext } from './route-context.ts'
import type { RouteTarget } from './router.ts'

/** How long a function may take to say who is let in: HTTP APIs say 10 s, REST APIs their own 29 s. */
const WAIT_MS = { rest: 29_000, httpapi: 10_000 }

/** Asks a function whether a request is let in (apigateway-use-lambda-authorizer.md). */
export function lambdaGuard(
  parts: GuardParts,
  target: RouteTarget,
  authorizer: LambdaAuthorizer,
  cache: AuthorizerCache,
): Guard {
  const { app } = parts
  const route = toRouteContext(app.accountId, target)
  const readers = authorizer.identitySources.map((text) =>
    identityReader(text, target, app.accountId),
  )
  const validation = toValidation(authorizer)
  const front = route.front === 'rest' ? 'rest' : 'httpapi'
  const askNow = async (arrival: Arrival, asked: Asked): Promise<AuthorizerAnswer> => {
    const outcome = await askFunction(
      parts,
      authorizer,
      { arrival, route, ...asked },
      WAIT_MS[front],
    )
    const answer = readAnswer(outcome, authorizer, front)
    if (answer.kind === 'failed') {
      parts.onTrouble?.(`the authorizer ${authorizer.name} let nobody in: ${answer.why}`)
    }
    return answer
  }
  // Answers can be kept only by something.
  const isKept = authorizer.ttlMs > 0 && readers.length > 0
  const keyStart = [target.api.id, target.api.stage, authorizer.name, authorizer.functionName]
  return (arrival) => {
    const values = readers.map((read) => read(arrival))
    const identity = values.map((all) => (front === 'rest' ? (all.at(-1) ?? '') : all.join(',')))
    const isMissing = values.some((all) => all.length === 0)
    if (isMissing || !validation(identity[0] ?? '')) return refuse(arrival, 'unauthorized')
    const arn = executeApiArn(arrival, route, app.region)
    const sinceMs = parts.clock.nowMs()
    const ask = async (): Promise<AuthorizerAnswer> => await askNow(arrival, { arn, identity })
    const answer = isKept
      ? cache.get(cacheKey([...keyStart, ...values]), authorizer.ttlMs, ask)
      : ask()
    if (!(answer instanceof Promise))
      return toVerdict(answer, { arrival, route, arn, latencyMs: 0 })
    return answer.then((late) => {
      const latencyMs = Math.round(parts.clock.nowMs() - sinceMs)
      return toVerdict(late, { arrival, route, arn, latencyMs })
    })
  }
}

/** `IdentityValidationExpression` has to fit the whole token. */
function toValidation({ identityValidation }: LambdaAuthorizer): (token: string) => boolean {
  if (identityValidation === undefined) return () => true
  const pattern = new RegExp(`^(?:${identityValidation})$`)
  return (token) => pattern.test(token)
}

interface Asked {
  readonly arn: string
  readonly identity: readonly string[]
}

/** The outcome; undefined when it takes too long. It counts against its own function's limits. */
async function askFunction(
  { app, clock, invoker }: GuardParts,
  { functionName, form, payload }: LambdaAuthorizer,
  { arrival, route, ...asked }: Asked & { readonly arrival: Arrival; readonly route: RouteContext },
  waitMs: number,
): Promise<Outcome | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Outcome | undefined>()
  const { route: _, ...request } = arrival
  const event = toAuthorizerEvent({ ...request, body: new Uint8Array(0) }, route, {
    form,
    payload,
    ...asked,
  })
  using _overdue = clock.after(waitMs, () => resolve(undefined))
  invoker
    .invoke({
      id: randomUUID(),
      functionName,
      payload: { kind: 'json', json: Buffer.from(JSON.stringify(event)) },
      source: 'http',
      deadlineMs: clock.nowMs() + waitMs,
      invokedArn: functionArn(app.region, app.accountId, functionName),
      traceId: arrival.traceId,
    })
    .then(resolve, reject)
  return await promise
}

interface Judged {
  readonly arrival: Arrival
  readonly route: RouteContext
  readonly arn: string
  readonly latencyMs: number
}

function toVerdict(answer: AuthorizerAnswer, judged: Judged): Verdict {
  const { arrival, arn } = judged
  switch (answer.kind) {
    case 'unauthorized':
      return refuse(arrival, 'unauthorized')
    case 'failed':
      return refuse(arrival, 'authorizer-failed')
    case 'simple':
      return answer.isAuthorized ? admit(answer.context, judged) : refuse(arrival, 'access-denied')
    case 'policy': {
      const verdict = evaluatePolicy(answer.policy, 'execute-api:Invoke', arn)
      if (verdict === 'allow') return admit(answer.context, judged, answer.principalId)
      return refuse(arrival, verdict === 'explicit-deny' ? 'explicitly-denied' : 'access-denied')
    }
  }
}

/** What the function gets to see: texts on REST, the values themselves on HTTP APIs. */
function admit(context: Context, { route, latencyMs }: Judged, principalId?: string): Verdict {
  const principal = principalId === undefined ? {} : { principalId }
  const facts = { ...principal, integrationLatency: latencyMs }
  if (route.front === 'rest') return { caller: { authorizer: { ...asTexts(context), ...facts } } }
  if (route.payload === '1.0') return { caller: { authorizer: { ...context, ...facts } } }
  return { caller: { authorizer: { lambda: context } } }
}

function asTexts(context: Context): Record<string, unknown> {
  const entries = Object.entries(context ?? {})
  return Object.fromEntries(entries.map(([key, value]) => [key, asText(value)]))
}

/** Texts, numbers and booleans: no others get here. */
function asText(value: unknown): string | null {
  if (typeof value === 'string' || value === null) return value
  return JSON.stringify(value)
}
