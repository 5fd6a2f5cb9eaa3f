import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { encodeFrame, FRAME, frameReader, type FrameType } from '../../src/runtime/frames.ts'

interface Frame {
  readonly type: number
  readonly seq: number
  readonly head: string
  readonly body: Buffer
}

const latin1 = fc
  .uint8Array({ maxLength: 200, size: 'max' })
  .map((bytes) => Buffer.from(bytes).toString('latin1'))
const frame: fc.Arbitrary<Frame> = fc.record(
  {
    type: fc.constantFrom(...Object.values(FRAME)),
    seq: fc.nat({ max: 2 ** 32 - 1 }),
    head: latin1,
    body: fc.uint8Array({ maxLength: 200, size: 'max' }).map((bytes) => Buffer.from(bytes)),
  },
  { noNullPrototype: true },
)
const frames = fc.array(frame, { maxLength: 20, size: 'max' })
/** How long the pieces are; the last one takes what is left. */
const cuts = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 200, size: 'max' })

function encode({ type, seq, head, body }: Frame): Buffer {
  return encodeFrame(type as FrameType, seq, head, body)
}

function* pieces(bytes: Buffer, lengths: readonly number[]): Iterable<Buffer> {
  let at = 0
  for (const length of lengths) {
    yield bytes.subarray(at, at + length)
    at += length
  }
  yield bytes.subarray(at)
}

function read(chunks: Iterable<Buffer>): Frame[] {
  const out: Frame[] = []
  const reader = frameReader((type, seq, head, body) => {
    out.push({ type, seq, head, body: Buffer.from(body) })
  })
  for (const chunk of chunks) reader(chunk)
  return out
}

describe('Frames', () => {
  test('come out as they went in, in order, wherever the stream is cut', () => {
    fc.assert(
      fc.property(frames, cuts, (given, lengths) => {
        const bytes = Buffer.concat(given.map(encode))
        assert.deepEqual(read(pieces(bytes, lengths)), given)
      }),
      { numRuns: 300 },
    )
  })

  test('come out byte by byte as well', () => {
    fc.assert(
      fc.property(frames, (given) => {
        const bytes = Buffer.concat(given.map(encode))
        assert.deepEqual(
          read(
            pieces(
              bytes,
              Array.from(bytes, () => 1),
            ),
          ),
          given,
        )
      }),
    )
  })

  test('come out of buffers that are used again, as the bootstrap does', () => {
    const buffer = Buffer.alloc(32)
    fc.assert(
      fc.property(frames, (given) => {
        const bytes = Buffer.concat(given.map(encode))
        const chunks = function* (): Iterable<Buffer> {
          for (let at = 0; at < bytes.length; at += buffer.length) {
            yield buffer.subarray(0, bytes.copy(buffer, 0, at))
          }
        }
        assert.deepEqual(read(chunks()), given)
      }),
    )
  })

  test('with a text for a body carry it as UTF-8', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 100, size: 'max' })
    fc.assert(
      fc.property(latin1, text, (head, body) => {
        const [only] = read([encodeFrame(FRAME.log, 1, head, body)])
        assert.deepEqual([only?.head, only?.body.toString()], [head, body])
      }),
    )
  })

  test('of a length that nobody sends are refused as soon as it is known', () => {
    for (const length of [0, 7, 64 * 1024 * 1024 + 1, 2 ** 32 - 1]) {
      const bytes = encodeFrame(FRAME.log, 1, '', '')
      bytes.writeUInt32LE(length, 1)
      for (const lengths of [[], [5], Array.from(bytes, () => 1)]) {
        assert.throws(() => read(pieces(bytes, lengths)), {
          message: `a frame of ${length + 5} bytes is never sent`,
        })
      }
    }
  })

  test('may be as long as the largest payload', () => {
    const body = Buffer.alloc(10 * 1024 * 1024, 7)
    const [only] = read(pieces(encodeFrame(FRAME.json, 1, 'head', body), [13, 5 * 1024 * 1024]))
    assert.ok(only?.body.equals(body))
  })
})
