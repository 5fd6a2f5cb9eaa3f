import { createLocalJWKSet, type JSONWebKeySet } from 'jose'
import type { Clock } from '../lib/clock.ts'

/** The public keys of an issuer, as a document read at some time. */
export interface KeySet {
  readonly keys: ReturnType<typeof createLocalJWKSet>
  has(keyId: string): boolean
}

/** Why keys could not be had: not the token's fault. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable'
}

/** What is asked over the network, for one document. */
export type FetchJson = (url: string) => Promise<unknown>

/** How long keys are taken for current; API Gateway says "up to two hours", for REST APIs one. */
const FRESH_MS = 60 * 60 * 1000
/** They are used that long while the issuer cannot be reached. */
const STALE_MS = 2 * 60 * 60 * 1000
/** Least time between two looks: anybody can make up a key id. */
const COOL_DOWN_MS = 30 * 1000
/** The same while there are no keys at all, and nobody can be let in. */
const FIRST_COOL_DOWN_MS = 1000

/**
 * The keys of one issuer, found by its OpenID configuration and kept. A key id that is not among them
 * has them read again, at most every 30 seconds; requests that wait for the same look share it.
 */
export class IssuerKeys {
  readonly #issuer: string
  readonly #clock: Clock
  readonly #fetchJson: FetchJson
  #known: (KeySet & { readonly atMs: number }) | undefined
  #look: Promise<void> | undefined
  #lookedAtMs = -Infinity

  constructor(issuer: string, clock: Clock, fetchJson: FetchJson) {
    this.#issuer = issuer
    this.#clock = clock
    this.#fetchJson = fetchJson
  }

  /** @throws {KeysUnavailable} when there are none and none can be had now. */
  async for(keyId: string): Promise<KeySet> {
    if (this.#ageMs() < FRESH_MS && this.#known?.has(keyId) === true) return this.#known
    if (this.#look === undefined && this.#mayLook()) {
      this.#lookedAtMs = this.#clock.nowMs()
      this.#look = this.#read().finally(() => (this.#look = undefined))
    }
    const failure = await this.#look?.then(
      () => undefined,
      (error: unknown) => error,
    )
    if (this.#known !== undefined && this.#ageMs() < STALE_MS) return this.#known
    const message = `the keys of ${this.#issuer} cannot be read`
    throw new KeysUnavailable(message, failure === undefined ? {} : { cause: failure })
  }

  #ageMs(): number {
    return this.#known === undefined ? Infinity : this.#clock.nowMs() - this.#known.atMs
  }

  #mayLook(): boolean {
    const coolDownMs = this.#known === undefined ? FIRST_COOL_DOWN_MS : COOL_DOWN_MS
    return this.#clock.nowMs() - this.#lookedAtMs >= coolDownMs
  }

  async #read(): Promise<void> {
    const base = this.#issuer.replace(/\/$/, '')
    const found = await this.#fetchJson(`${base}/.well-known/openid-configuration`)
    const uri = isObject(found) ? found['jwks_uri'] : undefined
    if (typeof uri !== 'string' || !isTrustworthy(uri, this.#issuer)) {
      throw new Error('its OpenID configuration names no jwks_uri below https:')
    }
    const document = await this.#fetchJson(uri)
    if (!isKeySet(document)) throw new Error(`${uri} is no set of keys`)
    const ids = new Set(document.keys.map(({ kid }) => kid))
    this.#known = {
      keys: createLocalJWKSet(document),
      has: (keyId) => ids.has(keyId),
      atMs: this.#clock.nowMs(),
    }
  }
}

/** An issuer on this machine, as tests have it, may do without TLS. */
function isTrustworthy(uri: string, issuer: string): boolean {
  return URL.canParse(uri) && (uri.startsWith('https:') || issuer.startsWith('http:'))
}

function isKeySet(value: unknown): value is JSONWebKeySet {
  return isObject(value) && Array.isArray(value['keys']) && value['keys'].every(isObject)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
