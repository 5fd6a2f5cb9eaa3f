import { createSecretSet } from '../auth/secret.ts'
import type { HttpApi } from '../model/app.ts'
import type { Guard } from './guard.ts'
import { headerOf } from './header.ts'
import { refuse } from './refuse.ts'

/** Lets in who brings one of the API's keys in `x-api-key`. */
export function apiKeyGuard({ apiKeys }: HttpApi): Guard {
  const known = createSecretSet(apiKeys)
  return (arrival) => {
    const key = headerOf(arrival.rawHeaders, 'x-api-key')
    return key !== undefined && known.has(key) ? undefined : refuse(arrival, 'forbidden-key')
  }
}
