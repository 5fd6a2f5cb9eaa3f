import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'

type Bytes = typeof import('../../src/events/bytes.ts')

const anyBytes = fc.uint8Array({ maxLength: 200, size: 'max' })
const anyText = fc.string({ unit: 'binary', maxLength: 200, size: 'max' })

/** The module as a browser would load it. */
async function loadWithoutBuffer(): Promise<Bytes> {
  const { Buffer } = globalThis
  Reflect.deleteProperty(globalThis, 'Buffer')
  try {
    const specifier = '../../src/events/bytes.ts?without-buffer'
    return (await import(specifier)) as Bytes
  } finally {
    globalThis.Buffer = Buffer
  }
}

for (const [where, load] of [
  ['with Buffer', (): Promise<Bytes> => import('../../src/events/bytes.ts')],
  ['without Buffer', loadWithoutBuffer],
] as const) {
  describe(`bytes, ${where}`, async () => {
    const { byteLength, fromBase64, toBase64, utf8 } = await load()

    test('go through base64 and come back, also where they are a part of a larger memory', () => {
      fc.assert(
        fc.property(anyBytes, (bytes) => {
          assert.equal(toBase64(bytes), Buffer.from(bytes).toString('base64'))
          assert.deepEqual(Buffer.from(fromBase64(toBase64(bytes)) ?? []), Buffer.from(bytes))
          const part = bytes.subarray(1)
          assert.equal(toBase64(part), Buffer.from(part).toString('base64'))
        }),
      )
    })

    test('are counted as UTF-8', () => {
      fc.assert(
        fc.property(anyText, (text) => {
          assert.equal(byteLength(text), new TextEncoder().encode(text).length)
        }),
      )
    })

    test('keep a byte order mark', () => {
      assert.equal(utf8(new Uint8Array([0xef, 0xbb, 0xbf, 0x61])), '\uFEFFa')
    })

    test('take base64 without its padding, and nothing that is not base64', () => {
      assert.deepEqual([...(fromBase64('aGk') ?? [])], [104, 105])
      for (const text of ['A', 'a b=', 'a-_b', 'AAA=A', 'AA===', '=']) {
        assert.equal(fromBase64(text), undefined, text)
      }
    })
  })
}
