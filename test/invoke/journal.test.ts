import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import {
  createJournal,
  LINE_CHARS_MAX,
  type Journal,
  type LogLine,
} from '../../src/invoke/journal.ts'
import type { FunctionDefinition } from '../../src/model/app.ts'
import { appOf } from '../aws/serve.ts'

const ID = '182f9086-3f1e-4b0c-9f6e-2a57b2c0a111'
const TAIL_BYTES = 4096

function open(given: Partial<FunctionDefinition> & { tail?: boolean } = {}) {
  const { tail = false, ...more } = given
  const [fn] = appOf([{ name: 'lead', ...more }]).functions
  const lines: LogLine[] = []
  let cuts = 0
  const journal: Journal = createJournal(fn as FunctionDefinition, ID, {
    tail,
    log: (line) => lines.push(line),
    onCut: () => cuts++,
  })
  return { journal, lines, texts: () => lines.map(({ text }) => text), cuts: () => cuts }
}

const END = { durationMs: 2, maxMemoryUsedMb: 36, status: 'success' } as const

describe('The journal of an invocation', () => {
  test('has what the function writes between START and END, then REPORT', () => {
    const { journal, lines, texts } = open()
    journal.start()
    journal.write('one\n')
    journal.write('two\n\nfour')
    journal.end(END)
    assert.deepEqual(texts(), [
      `START RequestId: ${ID} Version: $LATEST`,
      'one',
      'two',
      '',
      'four',
      `END RequestId: ${ID}`,
      `REPORT RequestId: ${ID}\tDuration: 2.00 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\t`,
    ])
    assert.ok(lines.every((line) => line.functionName === 'lead' && line.requestId === ID))
  })

  test('is one of JSON lines where the function asks for them', () => {
    const { journal, texts } = open({ logFormat: 'JSON' })
    journal.start()
    journal.write('{"level":"INFO"}\n')
    journal.end(END)
    const records = texts().map((text) => JSON.parse(text) as { type?: string; time?: string })
    assert.deepEqual(
      records.map(({ type }) => type),
      ['platform.start', undefined, 'platform.report'],
    )
    assert.match(records[0]?.time ?? '', /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  })

  test('says when another environment has it, and how one crashed', () => {
    const { journal, texts } = open()
    journal.retry({ attempt: 2, reason: 'env_exit', code: null, signal: 'SIGKILL' })
    journal.retry({ attempt: 3, reason: 'env_exit', code: 70, signal: null })
    journal.crash('Runtime exited with error: exit status 106', 'Runtime.ExitError')
    assert.deepEqual(texts(), [
      `PLATFORM_RETRY RequestId: ${ID} Attempt: 2 Reason: env_exit Signal: 9 HandlerStarted: false`,
      `PLATFORM_RETRY RequestId: ${ID} Attempt: 3 Reason: env_exit ExitStatus: 70 HandlerStarted: false`,
      `RequestId: ${ID} Error: Runtime exited with error: exit status 106`,
      'Runtime.ExitError',
    ])
  })

  test('says the same in JSON, where the report names the crash', () => {
    const { journal, texts } = open({ logFormat: 'JSON' })
    journal.retry({ attempt: 2, reason: 'start_timeout', code: null, signal: 'SIGKILL' })
    journal.crash('Runtime exited with error: exit status 106', 'Runtime.ExitError')
    assert.equal(texts().length, 1)
    const { type, record } = JSON.parse(texts()[0] ?? '') as { type: string; record: object }
    assert.equal(type, 'platform.retry')
    assert.deepEqual(record, {
      requestId: ID,
      attempt: 2,
      reason: 'start_timeout',
      signal: 9,
      handlerStarted: false,
    })
  })

  test('cuts lines that are too long, says so, and counts them', () => {
    const { journal, texts, cuts } = open()
    journal.start()
    journal.write(`${'x'.repeat(LINE_CHARS_MAX)}\n`)
    assert.equal(cuts(), 0)
    journal.write(`short\n${'y'.repeat(LINE_CHARS_MAX + 7)}\nshort`)
    const [, , , long = ''] = texts()
    assert.equal(long, `${'y'.repeat(LINE_CHARS_MAX)} (7 more characters were cut)`)
    assert.deepEqual([texts().length, cuts()], [5, 1])
  })

  test('keeps no tail where none was asked for', () => {
    const { journal } = open()
    journal.write('one\n')
    assert.equal(journal.tail(), undefined)
  })

  test('keeps its whole log for the caller while that is short', () => {
    const { journal, texts } = open({ tail: true })
    journal.start()
    journal.write('größe → 1\n')
    journal.end(END)
    assert.equal(
      journal.tail(),
      texts()
        .map((text) => `${text}\n`)
        .join(''),
    )
  })

  test('keeps the last 4 KiB of it, to the byte, where that is no half of a character', () => {
    const { journal } = open({ tail: true })
    journal.write(`${'a'.repeat(10_000)}\n`)
    assert.equal(journal.tail(), `${'a'.repeat(TAIL_BYTES - 1)}\n`)
    // Four bytes each; the line end leaves room for one character less.
    journal.write(`${'😀'.repeat(3000)}\n`)
    assert.equal(journal.tail(), `${'😀'.repeat(TAIL_BYTES / 4 - 1)}\n`)
  })

  test('keeps the end of what was written, whole characters and all that fit', () => {
    const character = fc.constantFrom('a', 'ß', '→', '😀')
    const stretch = fc.tuple(character, fc.nat({ max: 2000 }))
    fc.assert(
      fc.property(fc.array(stretch, { minLength: 1, maxLength: 6, size: 'max' }), (given) => {
        const { journal, texts } = open({ tail: true })
        journal.start()
        for (const [each, times] of given) journal.write(`${each.repeat(times)}\n`)
        const all = texts()
          .map((line) => `${line}\n`)
          .join('')
        const tail = journal.tail() ?? ''
        const bytes = Buffer.byteLength(tail)
        const least = Math.min(Buffer.byteLength(all), TAIL_BYTES - 3)
        assert.ok(all.endsWith(tail), 'it is the end')
        assert.ok(bytes <= TAIL_BYTES && bytes >= least, `${bytes} bytes`)
      }),
    )
  })
})
