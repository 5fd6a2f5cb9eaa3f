import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { base64url, exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import { fetchJson } from '../../src/auth/fetch-json.ts'
import { createJwtCheck, type JwtVerdict } from '../../src/auth/jwt.ts'
import { virtualClock, type VirtualClock } from '../../src/lib/clock.ts'
import { KEY_ID, openIssuer, type Issuer } from '../support/issuer.ts'

const NOW_MS = Date.UTC(2026, 10, 25, 9, 30)
const NOW_S = NOW_MS / 1000
const HOUR_S = 3600

interface Bench {
  readonly issuer: Issuer
  readonly clock: VirtualClock
  readonly good: Record<string, unknown>
  readonly check: (token: string, audiences?: readonly string[]) => Promise<JwtVerdict>
}

async function open(t: TestContext): Promise<Bench> {
  const issuer = await openIssuer()
  t.after(async () => await issuer[Symbol.asyncDispose]())
  const clock = virtualClock(NOW_MS)
  const check = createJwtCheck(clock)
  return {
    issuer,
    clock,
    good: { iss: issuer.url, aud: 'app', exp: NOW_S + HOUR_S, sub: 's1' },
    check: async (token, audiences = ['app']) =>
      await check(token, { issuer: issuer.url, audiences }),
  }
}

const why = (verdict: JwtVerdict): string =>
  verdict.verdict === 'invalid' ? verdict.why : verdict.verdict

describe('A token counts', () => {
  test('that the issuer has signed for us, and its claims are what it says', async (t) => {
    const { issuer, good, check } = await open(t)
    const verdict = await check(await issuer.sign(good))
    assert.deepEqual(verdict, { verdict: 'valid', claims: good })
    await check(await issuer.sign(good))
    assert.deepEqual(issuer.asked, ['/.well-known/openid-configuration', '/keys'])
  })

  for (const [what, claims, audiences] of [
    ['with us among its audiences', { aud: ['x', 'app'] }, ['app']],
    ['for one of several of ours', { aud: 'b' }, ['a', 'b']],
    ['with us as client_id, and no aud', { aud: undefined, client_id: 'app' }, ['app']],
    ['for anybody, where no audience is asked for', { aud: undefined }, []],
    ['whose nbf is now', { nbf: NOW_S }, ['app']],
    ['issued now', { iat: NOW_S }, ['app']],
    ['that ends in a second', { exp: NOW_S + 1 }, ['app']],
  ] as const) {
    test(what, async (t) => {
      const { issuer, good, check } = await open(t)
      assert.equal(
        why(await check(await issuer.sign({ ...good, ...claims } as never), audiences)),
        'valid',
      )
    })
  }

  for (const alg of ['RS384', 'RS512', 'PS256', 'ES256', 'ES384', 'ES512']) {
    test(`signed with ${alg}`, async (t) => {
      const { issuer, good, check } = await open(t)
      const { privateKey, publicKey } = await generateKeyPair(alg)
      issuer.published.push({ ...(await exportJWK(publicKey)), kid: alg, alg })
      assert.equal(
        why(await check(await issuer.sign(good, { alg, kid: alg }, privateKey))),
        'valid',
      )
    })
  }
})

describe('A token does not count', () => {
  for (const [what, claims, reason] of [
    ['of another issuer', { iss: 'https://evil.test' }, 'invalid issuer'],
    ['of an issuer with a slash more', { iss: 'slash' }, 'invalid issuer'],
    ['of no issuer', { iss: undefined }, 'invalid issuer'],
    ['for somebody else', { aud: 'other' }, 'the token does not have a valid audience'],
    ['for nobody', { aud: undefined }, 'the token does not have a valid audience'],
    ['for an empty list', { aud: [] }, 'the token does not have a valid audience'],
    [
      'for somebody else, with us as client_id',
      { aud: 'other', client_id: 'app' },
      'the token does not have a valid audience',
    ],
    ['that has expired', { exp: NOW_S - 1 }, 'the token has expired'],
    ['that expires now', { exp: NOW_S }, 'the token has expired'],
    ['that never expires', { exp: undefined }, 'the claim exp is not valid'],
    ['whose exp is a text', { exp: String(NOW_S + 60) }, 'the claim exp is not valid'],
    ['that begins later', { nbf: NOW_S + 1 }, 'the claim nbf is not valid'],
    ['issued in the future', { iat: NOW_S + 1 }, 'the token was issued in the future'],
    ['whose iat is a text', { iat: 'now' }, 'the claim iat is not valid'],
  ] as const) {
    test(what, async (t) => {
      const { issuer, good, check } = await open(t)
      const filled = { ...good, ...claims } as Record<string, unknown>
      if (filled['iss'] === 'slash') filled['iss'] = `${issuer.url}/`
      assert.equal(why(await check(await issuer.sign(filled))), reason)
    })
  }

  const attacks: Record<string, (bench: Bench) => Promise<string>> = {
    'with alg none': async ({ good }) => new UnsecuredJWT(good).encode(),
    'with alg None and a kid': async ({ good }) =>
      [{ alg: 'None', kid: KEY_ID }, good]
        .map((part) => base64url.encode(JSON.stringify(part)))
        .join('.') + '.',
    'with HS256 and the public key as its secret': async ({ issuer, good }) => {
      const secret = new TextEncoder().encode(await exportSPKI(issuer.publicKey))
      return await new SignJWT(good).setProtectedHeader({ alg: 'HS256', kid: KEY_ID }).sign(secret)
    },
    'with the kid of another key': async ({ issuer, good }) =>
      await issuer.sign(good, { kid: 'key-2' }),
    'with no kid': async ({ issuer, good }) =>
      await new SignJWT(good).setProtectedHeader({ alg: 'RS256' }).sign(issuer.privateKey),
    'signed by a stranger, with our kid': async ({ issuer, good }) => {
      const { privateKey } = await generateKeyPair('RS256')
      return await issuer.sign(good, {}, privateKey)
    },
    'that brings its own key (jwk)': async ({ good }) => {
      const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
      const header = {
        alg: 'RS256',
        kid: 'mine',
        jwk: { ...(await exportJWK(publicKey)), kid: 'mine' },
      }
      return await new SignJWT(good).setProtectedHeader(header).sign(privateKey)
    },
    "whose algorithm is not the key's": async ({ issuer, good }) => {
      const { privateKey } = await generateKeyPair('ES256')
      return await issuer.sign(good, { alg: 'ES256' }, privateKey)
    },
    'with its signature cut off': async ({ issuer, good }) =>
      (await issuer.sign(good)).replace(/\.[^.]*$/, '.'),
    'with other claims than were signed': async ({ issuer, good }) => {
      const [header, , signature] = (await issuer.sign(good)).split('.')
      return [header, base64url.encode(JSON.stringify({ ...good, sub: 'admin' })), signature].join(
        '.',
      )
    },
    'with a critical header that nobody knows': async ({ issuer, good }) => {
      const header = { alg: 'RS256', kid: KEY_ID, crit: ['exotic'], exotic: 1 }
      const signer = new SignJWT(good).setProtectedHeader(header)
      return await signer.sign(issuer.privateKey, { crit: { exotic: true } })
    },
    'of two pieces': async ({ issuer, good }) =>
      (await issuer.sign(good)).split('.').slice(0, 2).join('.'),
    'of five pieces': async ({ issuer, good }) => `${await issuer.sign(good)}.a.b`,
    'that is empty': async () => '',
    'of dots': async () => '..',
    'that is no base64': async () => '!.!.!',
    'whose claims are no object': async ({ issuer }) => {
      const header = base64url.encode(JSON.stringify({ alg: 'RS256', kid: KEY_ID }))
      return `${header}.${base64url.encode('[]')}.${base64url.encode(issuer.url)}`
    },
    'longer than all headers may be': async ({ issuer, good }) =>
      await issuer.sign({ ...good, more: 'x'.repeat(10_240) }),
  }
  for (const [what, attack] of Object.entries(attacks)) {
    test(what, async (t) => {
      const bench = await open(t)
      assert.equal((await bench.check(await attack(bench))).verdict, 'invalid')
    })
  }

  test('and what it says of its own key is never fetched (jku, x5u)', async (t) => {
    const { issuer, good, check } = await open(t)
    const evil = await openIssuer()
    t.after(async () => await evil[Symbol.asyncDispose]())
    const header = { alg: 'RS256', kid: KEY_ID, jku: `${evil.url}/keys`, x5u: `${evil.url}/keys` }
    const token = await new SignJWT(good).setProtectedHeader(header).sign(evil.privateKey)
    assert.equal((await check(token)).verdict, 'invalid')
    assert.deepEqual([evil.asked, issuer.asked.length], [[], 2])
  })

  test('and what cannot count does not make us ask the issuer', async (t) => {
    const { issuer, good, check } = await open(t)
    await check(new UnsecuredJWT(good).encode())
    await check('x'.repeat(20_000))
    assert.deepEqual(issuer.asked, [])
  })
})

describe('The keys of an issuer', () => {
  test('are read again for a key id that is new, and then the token counts', async (t) => {
    const { issuer, clock, good, check } = await open(t)
    await check(await issuer.sign(good))
    const { privateKey, publicKey } = await generateKeyPair('RS256')
    issuer.published.push({ ...(await exportJWK(publicKey)), kid: 'key-2', alg: 'RS256' })
    clock.advance(30_000)
    assert.equal(why(await check(await issuer.sign(good, { kid: 'key-2' }, privateKey))), 'valid')
  })

  test('are read once in 30 seconds at most, whatever key ids are made up', async (t) => {
    const { issuer, clock, good, check } = await open(t)
    await check(await issuer.sign(good))
    for (let i = 0; i < 20; i++) await check(await issuer.sign(good, { kid: `made-up-${i}` }))
    assert.equal(issuer.asked.length, 2)
    clock.advance(30_000)
    for (let i = 0; i < 20; i++) await check(await issuer.sign(good, { kid: `made-up-${i}` }))
    assert.equal(issuer.asked.length, 4)
  })

  test('are asked for once by all who wait', async (t) => {
    const { issuer, good, check } = await open(t)
    const token = await issuer.sign(good)
    const verdicts = await Promise.all(Array.from({ length: 10 }, async () => await check(token)))
    assert.deepEqual(new Set(verdicts.map(why)), new Set(['valid']))
    assert.equal(issuer.asked.length, 2)
  })

  test('are read again after an hour, and a key that was taken away counts no more', async (t) => {
    const { issuer, clock, good, check } = await open(t)
    const token = await issuer.sign({ ...good, exp: NOW_S + 24 * HOUR_S })
    assert.equal(why(await check(token)), 'valid')
    issuer.published.splice(0)
    assert.equal(why(await check(token)), 'valid')
    clock.advance(HOUR_S * 1000)
    assert.equal((await check(token)).verdict, 'invalid')
  })

  test('that cannot be reached: unknown at first, the old ones for two hours', async (t) => {
    const { issuer, clock, good, check } = await open(t)
    const token = await issuer.sign({ ...good, exp: NOW_S + 24 * HOUR_S })
    issuer.failing = 503
    assert.equal(why(await check(token)), 'unknown')
    issuer.failing = undefined
    assert.equal(why(await check(token)), 'unknown', 'a second must pass first')
    clock.advance(1000)
    assert.equal(why(await check(token)), 'valid')
    issuer.failing = 503
    clock.advance(2 * HOUR_S * 1000 - 1)
    assert.equal(why(await check(token)), 'valid')
    clock.advance(30_000)
    assert.equal(why(await check(token)), 'unknown')
  })

  for (const [what, documents] of [
    ['no configuration', {}],
    ['a configuration without jwks_uri', { '/.well-known/openid-configuration': {} }],
    [
      'keys over plain HTTP',
      {
        '/.well-known/openid-configuration': { jwks_uri: 'http://x.test/k' },
        'http://x.test/k': { keys: [] },
      },
    ],
    ['keys in a file', { '/.well-known/openid-configuration': { jwks_uri: 'file:///etc/passwd' } }],
    [
      'keys that are none',
      {
        '/.well-known/openid-configuration': { jwks_uri: 'https://x.test/k' },
        'https://x.test/k': { keys: 7 },
      },
    ],
  ] as const) {
    test(`that come as ${what} are not there`, async () => {
      const known: Record<string, unknown> = documents
      const fetch = async (url: string) => {
        const found = known[url.replace('https://issuer.test', '')]
        if (found === undefined) throw new Error(`${url} answered 404`)
        return found
      }
      const check = createJwtCheck(virtualClock(NOW_MS), fetch)
      const header = base64url.encode(JSON.stringify({ alg: 'RS256', kid: 'k' }))
      const verdict = await check(`${header}.e30.c2ln`, {
        issuer: 'https://issuer.test/',
        audiences: [],
      })
      assert.equal(verdict.verdict, 'unknown')
    })
  }
})

test('A document of an issuer is JSON and comes with a 200', async (t) => {
  const { issuer } = await open(t)
  assert.deepEqual(Object.keys((await fetchJson(`${issuer.url}/keys`)) as object), ['keys'])
  await assert.rejects(fetchJson(`${issuer.url}/nowhere`), /answered 404/)
  issuer.published.push({ kty: 'x'.repeat(1024 * 1024) })
  await assert.rejects(fetchJson(`${issuer.url}/keys`), /larger than/)
})
