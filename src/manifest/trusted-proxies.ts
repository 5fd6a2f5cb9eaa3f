import { isIP } from 'node:net'
import { child, exactText, expected, items } from './read.ts'
import type { Section } from './spillway-yml.ts'

/** `trustedProxies`: addresses and CIDR ranges whose `X-Forwarded-For` is believed. */
export function readTrustedProxies(section: Section): string[] {
  const list = items(section, child(section, section.node, 'trustedProxies'), 'trustedProxies')
  return list.flatMap((item) => {
    const range = exactText(section, item, 'trustedProxies')
    if (range === undefined || isRange(range)) return range ?? []
    return expected(section, item, 'an address or a range such as 10.0.0.0/8') ?? []
  })
}

function isRange(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d+$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
}
