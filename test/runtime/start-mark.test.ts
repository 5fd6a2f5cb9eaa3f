import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fstatSync, readSync, writeSync } from 'node:fs'
import { describe, test, type TestContext } from 'node:test'
import {
  createStartMark,
  MARK_OFFSET,
  REVOKED_OFFSET,
  START_MARK_FD,
  type StartMark,
} from '../../src/runtime/start-mark.ts'

/** Every order of two sequences' steps that keeps each sequence's own. */
function interleavings<T>(a: readonly T[], b: readonly T[]): T[][] {
  const [firstA, ...restA] = a
  const [firstB, ...restB] = b
  if (firstA === undefined || firstB === undefined) return [[...a, ...b]]
  return [
    ...interleavings(restA, b).map((rest) => [firstA, ...rest]),
    ...interleavings(a, restB).map((rest) => [firstB, ...rest]),
  ]
}

function open(t: TestContext): StartMark {
  const mark = createStartMark()
  t.after(() => mark.close())
  return mark
}

/** The environment's two steps, as `bootstrap/channel.ts` takes them. */
function environmentSide(fd: number, seq: number): { steps: (() => void)[]; runs(): boolean } {
  const word = Buffer.alloc(4)
  let runs = false
  return {
    runs: () => runs,
    steps: [
      () => {
        word.writeUInt32LE(seq)
        writeSync(fd, word, 0, 4, MARK_OFFSET)
      },
      () => {
        readSync(fd, word, 0, 4, REVOKED_OFFSET)
        runs = word.readUInt32LE() < seq
      },
    ],
  }
}

const RACE = `
import { markStarted } from ${JSON.stringify(new URL('../../src/runtime/bootstrap/channel.ts', import.meta.url).href)}
const [from, to] = process.argv.slice(1).map(Number)
let ran = ''
for (let seq = from; seq <= to; seq++) if (markStarted(seq)) ran += seq + ' '
process.stdout.write(ran)
`

describe('A start mark', () => {
  test('that is revoked and made at the same time never lets run what was taken back, in any order', (t) => {
    const seq = 5
    const seen = new Set<string>()
    const orders = interleavings(['mark', 'look'], ['revoke', 'read'])
    assert.equal(orders.length, 6)
    for (const order of orders) {
      const mark = open(t)
      const environment = environmentSide(mark.fd, seq)
      let takenBack = false
      const steps: Record<string, () => void> = {
        mark: environment.steps[0] as () => void,
        look: environment.steps[1] as () => void,
        revoke: () => mark.revokeThrough(seq),
        read: () => (takenBack = mark.read() < seq),
      }
      for (const step of order) steps[step]?.()
      const what = `${order.join(', ')}: ${environment.runs() ? 'runs' : 'refused'}`
      assert.ok(!(environment.runs() && takenBack), `${what} and taken back`)
      // Refused is said in a frame: nothing is lost between the two.
      seen.add(takenBack ? 'taken back' : environment.runs() ? 'runs' : 'refused')
    }
    assert.deepEqual([...seen].sort(), ['refused', 'runs', 'taken back'])
  })

  test('lets no process run what its server has taken back while it raced through its marks', async (t) => {
    const count = 20_000
    const mark = open(t)
    const args = ['--input-type=module', '--eval', RACE, '--', '1', String(count)]
    const stdio = ['ignore', 'pipe', 'inherit', 'ignore', 'ignore', mark.fd] as const
    const child = spawn(process.execPath, args, { stdio: [...stdio] })
    const output = child.stdout?.toArray() as Promise<Buffer[]>
    const exit = once(child, 'exit')

    const takenBack = new Set<number>()
    while (child.exitCode === null && mark.read() < count) {
      const ahead = Math.min(mark.read() + 3, count)
      mark.revokeThrough(ahead)
      for (let seq = mark.read() + 1; seq <= ahead; seq++) takenBack.add(seq)
      await new Promise(setImmediate)
    }
    assert.deepEqual(await exit, [0, null])
    const ran = Buffer.concat(await output)
      .toString()
      .split(' ')
      .filter(Boolean)
      .map(Number)
    assert.ok(
      takenBack.size > 0 && ran.length > 0,
      `${takenBack.size} taken back, ${ran.length} ran`,
    )
    assert.deepEqual(
      ran.filter((seq) => takenBack.has(seq)),
      [],
    )
  })

  test('reads 0 before the first, and then the last', (t) => {
    const mark = open(t)
    assert.equal(mark.read(), 0)
    for (const seq of [1, 2, 2 ** 32 - 1]) {
      environmentSide(mark.fd, seq).steps[0]?.()
      assert.equal(mark.read(), seq)
    }
  })

  test('has no name that others could find, and no bytes but its own', (t) => {
    const mark = open(t)
    const { nlink, size, mode } = fstatSync(mark.fd)
    assert.deepEqual([nlink, size, mode & 0o777], [0, 8, 0o600])
    assert.equal(START_MARK_FD, 5)
  })
})
