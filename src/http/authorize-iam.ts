import { createSignatureCheck, type SignatureVerdict } from '../auth/sigv4.ts'
import type { CallerFacts } from '../events/http.ts'
import type { Arrival, BodyGuard, Guard } from './guard.ts'
import type { GuardParts } from './guards.ts'
import { refuse } from './refuse.ts'
import type { RouteTarget } from './router.ts'

/**
 * Lets in who has signed the request with a key that Spillway was given (Signature Version 4). The
 * body belongs to what is signed: it is looked at when it has been read, before anybody gets it.
 */
export function iamGuards(
  { app, awsKeys, clock, onTrouble }: GuardParts,
  { api, route }: RouteTarget,
): { readonly before: Guard; readonly body: BodyGuard } {
  const check = createSignatureCheck({
    keys: awsKeys,
    region: () => app.region,
    services: [api.front === 'function-url' ? 'lambda' : 'execute-api'],
    presigned: true,
    wallMs: () => clock.wallMs(),
  })
  if (awsKeys.length === 0) {
    const why = 'asks for signed requests and no key is known: set SPILLWAY_AWS_KEYS'
    onTrouble?.(`${route.method} ${route.path} ${why}; until then it lets nobody in`)
  }
  return {
    before: (arrival) => {
      const found = check(arrival)
      if (found.verdict === 'refused') return refusalOf(arrival, found)
      return { caller: toCaller(found.accessKeyId, api, app.accountId) }
    },
    body: (arrival, body) => {
      const found = check(arrival, body)
      return found.verdict === 'refused' ? refusalOf(arrival, found).refusal : undefined
    },
  }
}

function refusalOf(
  arrival: Arrival,
  { fault, detail }: Extract<SignatureVerdict, { verdict: 'refused' }>,
): ReturnType<typeof refuse> {
  return refuse(arrival, fault, detail)
}

/** A key is a user of its own here; AWS's ids of users and organizations do not exist. */
function toCaller(
  accessKey: string,
  { front, payload }: RouteTarget['api'],
  accountId: string,
): CallerFacts {
  const userArn = `arn:aws:iam::${accountId}:user/${accessKey}`
  if (front === 'rest' || payload === '1.0') {
    return { identity: { accessKey, accountId, caller: accessKey, user: accessKey, userArn } }
  }
  const names = { callerId: accessKey, userArn, userId: accessKey }
  const iam = { accessKey, accountId, cognitoIdentity: null, principalOrgId: null, ...names }
  return { authorizer: { iam } }
}
