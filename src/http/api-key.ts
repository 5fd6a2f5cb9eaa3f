import { createSecretSet } from '../auth/secret.ts'
import { gatewayError } from '../events/index.ts'
import type { HttpApi } from '../model/app.ts'
import type { Guard } from './guard.ts'
import { headerOf } from './header.ts'

/** Lets in who brings one of the API's keys in `x-api-key`. */
export function apiKeyGuard({ apiKeys, front }: HttpApi): Guard {
  const known = createSecretSet(apiKeys)
  return ({ rawHeaders, requestId, traceId }) => {
    const key = headerOf(rawHeaders, 'x-api-key')
    if (key !== undefined && known.has(key)) return undefined
    const facts = { requestId, traceId, payloadBytes: 0 }
    return { refusal: gatewayError(front, 'forbidden-key', facts) }
  }
}
