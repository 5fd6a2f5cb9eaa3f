import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openRig, resultOf, type Rig } from './rig.ts'

/** Does the harm when it is told to, else says whose process it is; its effects are counted. */
function module(harm: string): Record<string, string> {
  const code = `
const fs = require('node:fs')
const effects = fs.openSync(process.env.FOLDER + '/effects', 'a')
const { pid } = process
const write = fs.writeSync
exports.handler = async ({ harm, id }) => {
  write(effects, 'start ' + id + ' ' + pid + '\\n')
  if (!harm) return { pid }
  ${harm}
}`
  return { 'index.js': code }
}

async function harmed(rig: Rig): Promise<{ ended: string; next: unknown }> {
  const outcome = await rig.invoke({ harm: true, id: 'harm' })
  const next = resultOf(await rig.invoke({ id: 'next' }))
  const starts = rig.effects().map(([, id]) => id)
  assert.deepEqual(starts, ['harm', 'next'])
  return { ended: 'error' in outcome ? outcome.error.errorType : outcome.status, next }
}

/** In any environment: what matters is that it is whole. */
function assertServed(next: unknown): void {
  assert.equal(typeof (next as { pid?: unknown }).pid, 'number')
}

describe('A handler that breaks its runtime', () => {
  for (const [name, harm] of [
    ['closes the pipe for answers', 'fs.closeSync(4); return 1'],
    [
      'breaks what answers are made of',
      'Buffer.allocUnsafe = () => { throw new Error() }; return 1',
    ],
  ] as const) {
    test(`${name}: is told at once, and not when its time is over`, async (t) => {
      const { ended, next } = await harmed(openRig(t, { files: module(harm) }))
      assert.equal(ended, 'Runtime.ExitError')
      assertServed(next)
    })
  }

  for (const [name, harm] of [
    ['takes the process away', 'globalThis.process = undefined; return 1'],
    ['takes the clock away', 'globalThis.performance = undefined; return 1'],
    ['answers no JSON', `JSON.stringify = () => 'no json'; return 1`],
    ['reads no JSON', 'JSON.parse = () => { throw new Error() }; return 1'],
    ['has marks written by nobody', 'Buffer.prototype.writeUInt32LE = () => 0; return 1'],
    [
      'has files written by nobody',
      `fs.writeSync = () => 0; require('node:module').syncBuiltinESMExports(); return 1`,
    ],
  ] as const) {
    test(`${name}: the next one runs once, and is answered`, async (t) => {
      const { next } = await harmed(openRig(t, { files: module(harm) }))
      assertServed(next)
    })
  }

  for (const [name, thrown] of [
    ['nothing that can be printed', 'Object.create(null)'],
    [
      'a proxy that is no more',
      '(() => { const p = Proxy.revocable({}, {}); p.revoke(); return p.proxy })()',
    ],
    [
      'an error with a stack that throws',
      `Object.defineProperty(new Error(), 'stack', { get() { throw 1 } })`,
    ],
    ['an error whose name is no text', 'Object.assign(new Error(), { name: 10n, stack: 5 })'],
  ] as const) {
    test(`throws ${name}: has failed, in an environment that goes on`, async (t) => {
      const rig = openRig(t, { files: module(`throw ${thrown}`) })
      const { ended } = await harmed(rig)
      assert.notEqual(ended, 'Runtime.ExitError')
      assert.equal(rig.count('ready'), 1)
    })
  }

  test('has no say in how long it took, where that is no number', async (t) => {
    const head = String.raw`NaN\n-Infinity`
    const harm = `
      const head = Buffer.from('${head}')
      const frame = Buffer.alloc(13 + head.length + 1)
      frame[0] = 0x44
      frame.writeUInt32LE(8 + head.length + 1, 1)
      frame.writeUInt32LE(1, 5)
      frame.writeUInt32LE(head.length, 9)
      head.copy(frame, 13)
      frame.write('1', 13 + head.length)
      write(4, frame)
      return 1`
    const rig = openRig(t, { files: module(harm) })
    const outcome = await rig.invoke({ harm: true, id: 'harm' })
    assert.deepEqual([resultOf(outcome), outcome.durationMs], [1, 0])
  })
})
