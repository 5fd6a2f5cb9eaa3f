import assert from 'node:assert/strict'
import { createHash, createHmac, randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { SignatureV4 } from '@smithy/signature-v4'
import fc from 'fast-check'
import { parseAwsKeys } from '../../src/auth/aws-keys.ts'
import {
  createSignatureCheck,
  type SignatureRules,
  type SignedRequest,
} from '../../src/auth/sigv4.ts'

const KEY = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
}
const NOW_MS = Date.UTC(2026, 10, 25, 9, 30)

/** The hash function that AWS's signer wants passed in. */
class Sha256 {
  readonly #hash
  constructor(secret?: string | Uint8Array) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret)
  }
  update(data: string | Uint8Array): void {
    this.#hash.update(data)
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }
  reset(): void {}
}

const signerOf = (more: Partial<ConstructorParameters<typeof SignatureV4>[0]> = {}): SignatureV4 =>
  new SignatureV4({
    credentials: KEY,
    region: 'us-east-1',
    service: 'execute-api',
    sha256: Sha256,
    ...more,
  } as ConstructorParameters<typeof SignatureV4>[0])

const checkOf = (more: Partial<SignatureRules> = {}) =>
  createSignatureCheck({
    keys: [KEY],
    region: () => 'us-east-1',
    services: ['execute-api'],
    presigned: true,
    wallMs: () => NOW_MS,
    ...more,
  })

interface Given {
  readonly method?: string
  readonly path?: string
  readonly query?: Record<string, string | string[]>
  readonly headers?: Record<string, string>
  readonly body?: string | Uint8Array
}

const encode = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  )

function onTheWire(signed: {
  method: string
  path: string
  query?: Record<string, string | string[] | null>
  headers: Record<string, string>
}): SignedRequest {
  const pairs = Object.entries(signed.query ?? {}).flatMap(([name, values]) =>
    [values ?? ''].flat().map((value) => `${encode(name)}=${encode(value)}`),
  )
  return {
    method: signed.method,
    target: pairs.length === 0 ? signed.path : `${signed.path}?${pairs.join('&')}`,
    rawHeaders: Object.entries(signed.headers).flat(),
  }
}

async function sign(given: Given = {}, signer = signerOf(), atMs = NOW_MS): Promise<SignedRequest> {
  const { method = 'GET', path = '/dev/orders', query = {}, headers = {}, body } = given
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  const request = {
    method,
    protocol: 'https:',
    hostname: 'api.test',
    path,
    query,
    headers: { host: 'api.test', ...length, ...headers },
    body,
  }
  return onTheWire(await signer.sign(request, { signingDate: new Date(atMs) }))
}

async function presign(given: Given = {}, expiresIn = 60, atMs = NOW_MS): Promise<SignedRequest> {
  const { method = 'GET', path = '/dev/orders', query = {}, headers = {} } = given
  const request = {
    method,
    protocol: 'https:',
    hostname: 'api.test',
    path,
    query,
    headers: { host: 'api.test', ...headers },
  }
  const options = { signingDate: new Date(atMs), expiresIn }
  return onTheWire(await signerOf().presign(request, options))
}

const YES = { verdict: 'signed', accessKeyId: KEY.accessKeyId }
const NO = { verdict: 'refused', fault: 'bad-signature' }

const changed = (
  request: SignedRequest,
  name: string,
  value: string | undefined,
): SignedRequest => {
  const rawHeaders = request.rawHeaders.flatMap((each, i, all) => {
    if (i % 2 === 1) return []
    if (each.toLowerCase() !== name) return [each, all[i + 1] ?? '']
    return value === undefined ? [] : [each, value]
  })
  return { ...request, rawHeaders }
}

const headerOf = ({ rawHeaders }: SignedRequest, name: string): string =>
  rawHeaders[rawHeaders.findIndex((each, i) => i % 2 === 0 && each.toLowerCase() === name) + 1] ??
  ''

describe("What AWS's own signer signs", () => {
  for (const given of [
    {},
    { path: '/' },
    { path: '/dev/a%20b/%C3%A4/c%2Fd' },
    { path: '/dev//a/./b/../c/' },
    { path: "/dev/it's(1)*!~" },
    { query: { b: '2', a: '1', 'a b': 'c+d/e=f&g', ä: 'ö', B: '' } },
    { query: { list: ['z', 'a', '10', '9'] } },
    { headers: { 'x-amz-tenant-id': '  a   b ', accept: '*/*', 'User-Agent': 'curl' } },
    { method: 'POST', body: '{"a":1}', headers: { 'content-type': 'application/json' } },
    { method: 'PUT', body: randomBytes(70_000) },
    { method: 'DELETE' },
  ] satisfies Given[]) {
    test(`is let in: ${JSON.stringify({ ...given, ...('body' in given ? { body: '…' } : {}) })}`, async () => {
      const request = await sign(given)
      const body = 'body' in given ? Buffer.from(given.body) : Buffer.alloc(0)
      assert.deepEqual(checkOf()(request), YES)
      assert.deepEqual(checkOf()(request, body), YES)
    })
  }

  test('is let in whatever path, query, headers and body it has', async () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 12 })
    const word = fc.stringMatching(/^[a-z]{1,8}$/)
    await fc.assert(
      fc.asyncProperty(
        fc.array(text, { maxLength: 4 }),
        fc.dictionary(
          text.filter((name) => name !== '' && name !== '__proto__'),
          fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 3 })),
          { maxKeys: 4 },
        ),
        fc.dictionary(
          word.map((name) => `x-${name}`),
          fc.stringMatching(/^[ !-~]{0,20}$/),
          { maxKeys: 3 },
        ),
        fc.option(text),
        async (segments, query, headers, body) => {
          const path = `/${segments.map(encode).join('/')}`
          const request = await sign({ path, query, headers, ...(body === null ? {} : { body }) })
          assert.deepEqual(checkOf()(request, Buffer.from(body ?? '')), YES)
        },
      ),
      { numRuns: 200, size: 'max' } as never,
    )
  })

  test('waits for the body where no header vouches for it', async () => {
    const signer = signerOf({ applyChecksum: false })
    const request = await sign({ method: 'POST', body: 'hello' }, signer)
    assert.ok(!request.rawHeaders.includes('x-amz-content-sha256'))
    assert.deepEqual(checkOf()(request), { verdict: 'after-body', accessKeyId: KEY.accessKeyId })
    assert.deepEqual(checkOf()(request, Buffer.from('hello')), YES)
    assert.deepEqual(checkOf()(request, Buffer.from('hellO')), NO)
  })

  test('is let in as a URL, until that has expired', async () => {
    const request = await presign({ query: { q: 'a b' } }, 60)
    assert.match(request.target, /X-Amz-Signature=/)
    assert.deepEqual(checkOf()(request), YES)
    const late = (ms: number) => checkOf({ wallMs: () => NOW_MS + ms })(request)
    assert.deepEqual(late(60_000), YES)
    assert.deepEqual(late(60_001), { ...NO, detail: 'Signature expired' })
  })
})

describe('A signed request that was changed on the way is turned away', () => {
  const POST = {
    method: 'POST',
    path: '/dev/orders',
    query: { a: '1', b: '2' },
    body: 'pay 1',
    headers: { 'x-amz-tenant-id': 't1', 'content-type': 'text/plain' },
  }
  const attacks: Record<string, (request: SignedRequest) => SignedRequest> = {
    'another method': (r) => ({ ...r, method: 'PUT' }),
    'another path': (r) => ({ ...r, target: r.target.replace('orders', 'refunds') }),
    'another query value': (r) => ({ ...r, target: r.target.replace('a=1', 'a=9') }),
    'one more query value': (r) => ({ ...r, target: `${r.target}&c=3` }),
    'a query value less': (r) => ({ ...r, target: r.target.replace('&b=2', '') }),
    'another host': (r) => changed(r, 'host', 'evil.test'),
    'another tenant': (r) => changed(r, 'x-amz-tenant-id', 't2'),
    'another type': (r) => changed(r, 'content-type', 'application/json'),
    'another time': (r) => changed(r, 'x-amz-date', '20261125T093001Z'),
    'a header repeated': (r) => ({ ...r, rawHeaders: [...r.rawHeaders, 'x-amz-tenant-id', 't1'] }),
    'another hash of the body': (r) =>
      changed(r, 'x-amz-content-sha256', createHash('sha256').update('pay 9').digest('hex')),
    'another signature': (r) =>
      changed(
        r,
        'authorization',
        headerOf(r, 'authorization').replace(/.$/, (c) => (c === '0' ? '1' : '0')),
      ),
  }
  for (const [name, attack] of Object.entries(attacks)) {
    test(name, async () => {
      const request = attack(await sign(POST))
      assert.deepEqual(checkOf()(request, Buffer.from('pay 1')), NO)
    })
  }

  test('another body, with the right hash in the header', async () => {
    const request = await sign(POST)
    assert.deepEqual(checkOf()(request, Buffer.from('pay 9')), NO)
    assert.deepEqual(checkOf()(request, Buffer.from('')), NO)
    const empty = await sign({ method: 'POST' })
    assert.deepEqual(checkOf()(empty, Buffer.from('pay 9')), NO)
  })

  test('a presigned URL with another value, or with its time made longer', async () => {
    const request = await presign({ query: { q: '1' } }, 60)
    for (const target of [
      request.target.replace('q=1', 'q=2'),
      request.target.replace('Expires=60', 'Expires=600'),
    ]) {
      assert.notEqual(target, request.target)
      assert.deepEqual(checkOf()({ ...request, target }), NO)
    }
  })
})

describe('A signature does not count', () => {
  const detailOf = async (request: SignedRequest, more: Partial<SignatureRules> = {}) => {
    const verdict = checkOf(more)(request)
    assert.equal(verdict.verdict, 'refused')
    return verdict.verdict === 'refused' ? [verdict.fault, verdict.detail] : []
  }

  test('where there is none', async () => {
    const bare = { method: 'GET', target: '/', rawHeaders: ['Host', 'api.test'] }
    assert.deepEqual(checkOf()(bare), { verdict: 'refused', fault: 'unsigned' })
    const bearer = { ...bare, rawHeaders: ['Host', 'api.test', 'Authorization', 'Bearer x'] }
    assert.deepEqual(checkOf()(bearer), { verdict: 'refused', fault: 'unsigned' })
  })

  test('of a key that is not known, or of a session', async () => {
    const stranger = signerOf({ credentials: { ...KEY, accessKeyId: 'AKIDOTHER' } })
    assert.deepEqual(await detailOf(await sign({}, stranger)), ['unknown-key', undefined])
    const session = signerOf({ credentials: { ...KEY, sessionToken: 'token' } })
    assert.deepEqual(await detailOf(await sign({}, session)), ['unknown-key', undefined])
    const wrong = signerOf({ credentials: { ...KEY, secretAccessKey: 'another secret' } })
    assert.deepEqual(await detailOf(await sign({}, wrong)), ['bad-signature', undefined])
  })

  for (const [minutes, ok] of [
    [-5, true],
    [5, true],
    [-5.02, false],
    [5.02, false],
  ] as const) {
    test(`made ${minutes} minutes from now: ${ok ? 'counts' : 'does not'}`, async () => {
      const request = await sign({}, signerOf(), NOW_MS + minutes * 60_000)
      assert.equal(checkOf()(request).verdict === 'signed', ok)
    })
  }

  test('and says what the clocks say', async () => {
    const old = await sign({}, signerOf(), NOW_MS - 600_000)
    assert.deepEqual(await detailOf(old), [
      'bad-signature',
      'Signature expired: 20261125T092000Z is now earlier than 20261125T092500Z (20261125T093000Z - 5 min.)',
    ])
  })

  test('for another service or region', async () => {
    assert.match(
      String(await detailOf(await sign({}, signerOf({ service: 's3' })))),
      /correct service: 'execute-api'/,
    )
    assert.match(
      String(await detailOf(await sign({}, signerOf({ region: 'eu-west-1' })))),
      /valid region: 'us-east-1'/,
    )
  })

  test('in a URL, where only a header may carry it', async () => {
    assert.match(String(await detailOf(await presign(), { presigned: false })), /in a header here/)
  })

  test('in a URL that holds for more than seven days, or for no time', async () => {
    const request = await presign({}, 604_800)
    assert.deepEqual(checkOf()(request), YES)
    for (const expires of ['604801', '0', '-1', '1e3', '']) {
      const target = request.target.replace('Expires=604800', `Expires=${expires}`)
      assert.equal(checkOf()({ ...request, target }).verdict, 'refused', expires)
    }
  })

  test('that leaves out host, or a header of AWS', async () => {
    const request = await sign({ headers: { 'x-amz-tenant-id': 't1' } })
    const without = (name: string) =>
      changed(
        request,
        'authorization',
        headerOf(request, 'authorization').replace(new RegExp(`;${name}|${name};`), ''),
      )
    assert.match(String(await detailOf(without('host'))), /'Host' or ':authority'/)
    assert.match(String(await detailOf(without('x-amz-tenant-id'))), /'x-amz-tenant-id' must be/)
    const added = { ...request, rawHeaders: [...request.rawHeaders, 'X-Amz-Target', 'Delete'] }
    assert.match(String(await detailOf(added)), /'x-amz-target' must be/)
    const byCdn = {
      ...request,
      rawHeaders: [...request.rawHeaders, 'X-Amz-Cf-Id', 'x', 'x-amzn-trace-id', 'y'],
    }
    assert.deepEqual(checkOf()(byCdn), YES)
    assert.match(
      String(await detailOf(changed(request, 'x-amz-tenant-id', undefined))),
      /not in the request/,
    )
  })

  test("with an unsigned or a streamed payload, which are S3's", async () => {
    for (const hash of ['UNSIGNED-PAYLOAD', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD']) {
      const request = await sign({
        method: 'POST',
        body: 'x',
        headers: { 'x-amz-content-sha256': hash },
      })
      assert.equal(headerOf(request, 'x-amz-content-sha256'), hash)
      assert.deepEqual(checkOf()(request, Buffer.from('x')), NO)
      const empty = await sign({ headers: { 'x-amz-content-sha256': hash } })
      assert.deepEqual(checkOf()(empty, Buffer.alloc(0)), NO)
    }
  })

  test('that is there twice, or half', async () => {
    const request = await sign()
    const authorization = headerOf(request, 'authorization')
    for (const rawHeaders of [
      [...request.rawHeaders, 'Authorization', authorization],
      [...request.rawHeaders, 'X-Amz-Date', '20261125T093000Z'],
      changed(request, 'x-amz-date', undefined).rawHeaders,
      changed(request, 'x-amz-date', '20261399T093000Z').rawHeaders,
      changed(request, 'authorization', authorization.replace('HMAC-SHA256', 'HMAC-SHA512'))
        .rawHeaders,
      changed(request, 'authorization', authorization.replace('/aws4_request', '')).rawHeaders,
      changed(request, 'authorization', authorization.replace('aws4_request', 'aws4_request/x'))
        .rawHeaders,
      changed(request, 'authorization', authorization.replace('20261125/', '20261124/')).rawHeaders,
      changed(request, 'authorization', authorization.replace(/Signature=.*/, 'Signature='))
        .rawHeaders,
      changed(
        request,
        'authorization',
        authorization.replace(/Signature=.*/, (s) => s.toUpperCase()),
      ).rawHeaders,
      changed(
        request,
        'authorization',
        authorization.replace('SignedHeaders=host;', 'SignedHeaders=host;host;'),
      ).rawHeaders,
      changed(request, 'authorization', authorization.slice(0, 60)).rawHeaders,
    ]) {
      const verdict = checkOf()({ ...request, rawHeaders })
      assert.equal(verdict.verdict, 'refused', rawHeaders.join(' '))
      assert.match(
        String(verdict.verdict === 'refused' && verdict.detail),
        /not complete, or is there twice/,
      )
    }
    const both = await presign()
    const twice = { ...both, rawHeaders: [...both.rawHeaders, 'Authorization', authorization] }
    assert.equal(checkOf()(twice).verdict, 'refused')
  })

  test('over an escape that cannot be read', async () => {
    const request = await sign()
    assert.equal(checkOf()({ ...request, target: '/dev/orders?a=%zz' }).verdict, 'refused')
    assert.equal(checkOf()({ ...request, target: '/dev/orders?a=%ff' }).verdict, 'refused')
  })
})

describe('SPILLWAY_AWS_KEYS', () => {
  test('is a list of pairs', () => {
    assert.deepEqual(parseAwsKeys(' AKIA1:secret/+=1, AKIA2:secret-two\nAKIA3:sec:ret:3 '), [
      { accessKeyId: 'AKIA1', secretAccessKey: 'secret/+=1' },
      { accessKeyId: 'AKIA2', secretAccessKey: 'secret-two' },
      { accessKeyId: 'AKIA3', secretAccessKey: 'sec:ret:3' },
    ])
  })

  for (const [text, why] of [
    ['', /it is empty/],
    [' , ', /it is empty/],
    ['AKIA1', /entry 1 of 1/],
    ['AKIA1:secret/+=1,AKIA2:short', /entry 2 of 2/],
    ['AKIA1:secret/+=1,AKIA1:secret/+=2', /twice/],
  ] as const) {
    test(`${JSON.stringify(text)} is refused, and no secret is shown`, () => {
      assert.throws(
        () => parseAwsKeys(text),
        (error: Error) => why.test(error.message) && !/secret\/|short/.test(error.message),
      )
    })
  }
})
