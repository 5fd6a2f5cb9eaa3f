import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isFromForeignPage, isLoopbackHost } from '../../src/auth/origin.ts'

describe('A Host header', () => {
  test('names loopback, with or without a port, in any case', () => {
    for (const host of [
      'localhost',
      'localhost:3003',
      'LocalHost:1',
      '127.0.0.1:3003',
      '[::1]:3003',
      '[::1]',
    ]) {
      assert.equal(isLoopbackHost({ host }), true, host)
    }
  })

  test('names something else, however much it looks like loopback', () => {
    for (const host of [
      'evil.example',
      'localhost.evil.example',
      'localhost.:3003',
      'evil.example#localhost',
      '127.0.0.1.nip.io:3003',
      '127.0.0.1:3003:1',
      '127.0.0.1@evil.example',
      '0.0.0.0:3003',
      '[::ffff:127.0.0.1]:3003',
      '',
    ]) {
      assert.equal(isLoopbackHost({ host }), false, host)
    }
    assert.equal(isLoopbackHost({}), false)
  })
})

describe('A page', () => {
  const host = '127.0.0.1:3003'

  test('is foreign on another origin, another port included, and when it hides its origin', () => {
    for (const origin of [
      'https://evil.example',
      'http://127.0.0.1:5173',
      'http://localhost:3003',
      'null',
    ]) {
      assert.equal(isFromForeignPage({ host, origin }), true, origin)
    }
    for (const site of ['cross-site', 'same-site', 'CROSS-SITE']) {
      assert.equal(isFromForeignPage({ host, 'sec-fetch-site': site }), true, site)
    }
  })

  test('is not foreign on our own origin; a program names none', () => {
    assert.equal(isFromForeignPage({ host }), false)
    assert.equal(isFromForeignPage({ host, origin: `http://${host}` }), false)
    assert.equal(isFromForeignPage({ host, 'sec-fetch-site': 'same-origin' }), false)
    assert.equal(isFromForeignPage({ host, 'sec-fetch-site': 'none' }), false)
  })
})
