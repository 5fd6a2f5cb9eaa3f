import { isIP } from 'node:net'
import { createAddressSet } from './address-set.ts'
import { listOf } from './header.ts'

/** Says who the client is, given the peer's address and the headers it sent. */
export type ClientAddress = (peer: string, rawHeaders: readonly string[]) => string

/**
 * Believes `X-Forwarded-For` only from trusted proxies (addresses or CIDR ranges), and of it only
 * the last address that is not itself a trusted proxy: everything before it the client may have
 * made up.
 */
export function createClientAddress(trustedProxies: readonly string[]): ClientAddress {
  if (trustedProxies.length === 0) return (peer) => plain(peer)
  const isTrusted = createAddressSet(trustedProxies)
  return (peer, rawHeaders) => {
    let client = plain(peer)
    const hops =
      listOf(rawHeaders, 'x-forwarded-for')
        ?.split(',')
        .map((hop) => hop.trim()) ?? []
    while (hops.length > 0 && isTrusted(client)) {
      const hop = hops.pop() ?? ''
      if (isIP(hop) === 0) break
      client = hop
    }
    return client
  }
}

/** IPv4 over an IPv6 socket reads as IPv4. */
function plain(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address
}
