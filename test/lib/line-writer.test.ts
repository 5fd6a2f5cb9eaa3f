import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { createLineWriter } from '../../src/lib/line-writer.ts'

function setup() {
  const writes: string[] = []
  return { writes, writer: createLineWriter({ write: (text) => writes.push(text) }) }
}

describe('A line writer', () => {
  test('writes the lines of one turn of the loop in one piece, in order', async () => {
    const { writes, writer } = setup()
    for (const line of ['a', 'b', '']) writer.write(line)
    assert.deepEqual(writes, [])
    await turn()
    writer.write('c')
    await turn()
    assert.deepEqual(writes, ['a\nb\n\n', 'c\n'])
  })

  test('writes what is left when asked, once, and nothing when nothing is left', async () => {
    const { writes, writer } = setup()
    writer.flush()
    writer.write('a')
    writer.flush()
    writer.flush()
    await turn()
    assert.deepEqual(writes, ['a\n'])
  })
})
