import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { createClientAddress } from '../../src/http/client-address.ts'

describe('The address of a client', () => {
  const table: [
    what: string,
    trusted: string[],
    peer: string,
    forwardedFor: string | undefined,
    client: string,
  ][] = [
    ['nobody is trusted', [], '10.0.0.1', '203.0.113.7', '10.0.0.1'],
    ['IPv4 came over an IPv6 socket', [], '::ffff:10.0.0.1', undefined, '10.0.0.1'],
    ['the peer is not the one trusted', ['10.0.0.2'], '10.0.0.1', '203.0.113.7', '10.0.0.1'],
    ['a trusted peer names it', ['10.0.0.1'], '10.0.0.1', '203.0.113.7', '203.0.113.7'],
    ['a trusted peer names nobody', ['10.0.0.1'], '10.0.0.1', undefined, '10.0.0.1'],
    ['the peer is in a trusted range', ['10.0.0.0/8'], '10.9.8.7', '203.0.113.7', '203.0.113.7'],
    [
      'the trusted peer came over an IPv6 socket',
      ['10.0.0.0/8'],
      '::ffff:10.9.8.7',
      '203.0.113.7',
      '203.0.113.7',
    ],
    ['the peer is in a trusted IPv6 range', ['fd00::/8'], 'fd12::1', '2001:db8::7', '2001:db8::7'],
    [
      'the client made up what stands before it',
      ['10.0.0.1'],
      '10.0.0.1',
      '1.1.1.1, 203.0.113.7',
      '203.0.113.7',
    ],
    [
      'there are two trusted proxies',
      ['10.0.0.0/8'],
      '10.0.0.1',
      '1.1.1.1, 203.0.113.7,10.0.0.2',
      '203.0.113.7',
    ],
    ['all hops are trusted', ['10.0.0.0/8'], '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['a hop is no address', ['10.0.0.1'], '10.0.0.1', '203.0.113.7, unknown', '10.0.0.1'],
    ['the header is empty', ['10.0.0.1'], '10.0.0.1', '', '10.0.0.1'],
    ['the peer is gone', ['10.0.0.1'], '', '203.0.113.7', ''],
  ]
  for (const [what, trusted, peer, forwardedFor, client] of table) {
    test(`is right where ${what}`, () => {
      assert.equal(createClientAddress(trusted)(peer, headersOf(forwardedFor)), client)
    })
  }

  test('is read from all of the headers, as if they were one', () => {
    const addressOf = createClientAddress(['10.0.0.0/8'])
    const headers = ['X-Forwarded-For', '203.0.113.7', 'x-forwarded-for', '10.0.0.2, 10.0.0.3']
    assert.equal(addressOf('10.0.0.1', headers), '203.0.113.7')
  })

  test('is never what a client says of itself, whatever that is', () => {
    const addressOf = createClientAddress(['10.0.0.1'])
    fc.assert(
      fc.property(fc.string({ maxLength: 100, size: 'max' }), (said) => {
        assert.equal(addressOf('10.0.0.1', headersOf(`${said}, 203.0.113.7`)), '203.0.113.7')
        assert.equal(addressOf('203.0.113.7', headersOf(said)), '203.0.113.7')
      }),
    )
  })
})

function headersOf(forwardedFor: string | undefined): string[] {
  return forwardedFor === undefined ? ['Host', 'a'] : ['Host', 'a', 'X-Forwarded-For', forwardedFor]
}
