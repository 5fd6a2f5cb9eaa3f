import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  exportJWK,
  generateKeyPair,
  SignJWT,
  type CryptoKey,
  type JWK,
  type JWTPayload,
} from 'jose'

/** Who signs tokens, on a port of its own: its configuration, its keys, and how to break it. */
export interface Issuer extends AsyncDisposable {
  readonly url: string
  /** What it publishes; the test may change it. */
  readonly published: JWK[]
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
  /** Paths that have been asked for. */
  readonly asked: string[]
  /** While set, it answers every question with this status. */
  failing: number | undefined
  /** A token by its key, RS256 unless said otherwise. */
  sign(
    claims: JWTPayload,
    header?: { alg?: string; kid?: string },
    key?: CryptoKey,
  ): Promise<string>
}

export const KEY_ID = 'key-1'

/** Opens an issuer with one RSA key. */
export async function openIssuer(): Promise<Issuer> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
  const published: JWK[] = [
    { ...(await exportJWK(publicKey)), kid: KEY_ID, alg: 'RS256', use: 'sig' },
  ]
  const asked: string[] = []
  const server = createServer((request: IncomingMessage, response) => {
    asked.push(request.url ?? '')
    if (issuer.failing !== undefined) return void response.writeHead(issuer.failing).end()
    const documents: Record<string, unknown> = {
      '/.well-known/openid-configuration': { issuer: issuer.url, jwks_uri: `${issuer.url}/keys` },
      '/keys': { keys: published },
    }
    const document = documents[request.url ?? '']
    response.writeHead(document === undefined ? 404 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(document))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const issuer: Issuer = {
    url: `http://127.0.0.1:${port}`,
    published,
    privateKey,
    publicKey,
    asked,
    failing: undefined,
    sign: async (claims, { alg = 'RS256', kid = KEY_ID } = {}, key = privateKey) =>
      await new SignJWT(claims).setProtectedHeader({ alg, kid }).sign(key),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return issuer
}
