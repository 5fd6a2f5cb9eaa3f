import { parsePolicy, type Policy } from '../auth/iam-policy.ts'
import type { Outcome } from '../invoke/invocation.ts'
import type { LambdaAuthorizer } from '../model/authorizer.ts'

/** What the function of an authorizer said. Only the first two may be kept. */
export type AuthorizerAnswer =
  | {
      readonly kind: 'policy'
      readonly policy: Policy
      readonly context: Context
      readonly principalId?: string
    }
  | { readonly kind: 'simple'; readonly isAuthorized: boolean; readonly context: Context }
  | { readonly kind: 'unauthorized' }
  | { readonly kind: 'failed'; readonly why: string }

/** What an authorizer tells the function behind it; null where it told nothing. */
export type Context = Readonly<Record<string, unknown>> | null

/** Reads what became of an authorizer's function; undefined is one that took too long. */
export function readAnswer(
  outcome: Outcome | undefined,
  { simpleResponses }: LambdaAuthorizer,
  front: 'rest' | 'httpapi',
): AuthorizerAnswer {
  if (outcome === undefined) return failed('it took too long')
  if (outcome.status !== 'ok') return ofFailure(outcome)
  const value = outcome.result.kind === 'json' ? parse(outcome.result.json) : undefined
  if (!isObject(value)) return failed('it answered no JSON object')
  const { context } = value
  if (context !== undefined && context !== null && !isObject(context)) {
    return failed('its context is no object')
  }
  const told = isObject(context) ? context : null
  if (simpleResponses) {
    const { isAuthorized } = value
    if (typeof isAuthorized !== 'boolean') return failed('isAuthorized is neither true nor false')
    return { kind: 'simple', isAuthorized, context: told }
  }
  return withPolicy(value, told, front)
}

function withPolicy(
  { principalId, policyDocument }: Readonly<Record<string, unknown>>,
  context: Context,
  front: 'rest' | 'httpapi',
): AuthorizerAnswer {
  const policy = parsePolicy(policyDocument)
  if (policy === undefined) return failed('its policyDocument is not one that is understood')
  if (front === 'rest') {
    if (typeof principalId !== 'string') return failed('its principalId is no text')
    if (Object.values(context ?? {}).some((value) => typeof value === 'object' && value !== null)) {
      return failed('its context has a value that is neither text, number nor boolean')
    }
  }
  const principal = typeof principalId === 'string' ? { principalId } : {}
  return { kind: 'policy', policy, context, ...principal }
}

/** An error with exactly this message is an answer (api-gateway-lambda-authorizer-output.md). */
function ofFailure(outcome: Exclude<Outcome, { status: 'ok' }>): AuthorizerAnswer {
  if (outcome.status !== 'function_error') return failed(`it ended with ${outcome.status}`)
  const { errorType, errorMessage } = outcome.error
  return errorMessage === 'Unauthorized'
    ? { kind: 'unauthorized' }
    : failed(`${errorType}: ${errorMessage}`)
}

function failed(why: string): AuthorizerAnswer {
  return { kind: 'failed', why }
}

function parse(json: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(json).toString())
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
