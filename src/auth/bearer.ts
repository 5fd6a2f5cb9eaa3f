import { createSecretSet } from './secret.ts'

/** Says whether an `Authorization` header is `Bearer` and this token (RFC 6750), in constant time. */
export function createBearerCheck(token: string): (authorization: string | undefined) => boolean {
  const tokens = createSecretSet([token])
  return (authorization = '') => {
    const [, given] = /^Bearer +(\S+)$/i.exec(authorization) ?? []
    return given !== undefined && tokens.has(given)
  }
}
