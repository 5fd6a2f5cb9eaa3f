import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { checkFailpoints } from '../../src/runtime/check-failpoints.ts'
import { armFailpoints, parseFailpoints } from '../../src/runtime/failpoints.ts'
import { openRig, resultOf } from './rig.ts'

describe('Failpoints', () => {
  test('are read as phase:action@probability', () => {
    assert.deepEqual(parseFailpoints('after_mark:kill@0.01, idle:stop'), [
      { phase: 'after_mark', action: 'kill', probability: 0.01 },
      { phase: 'idle', action: 'stop', probability: 1 },
    ])
    for (const text of [
      'kill',
      'nowhere:kill',
      'idle:exit',
      'spawn:kill',
      'idle:kill@2',
      'toString:kill',
    ]) {
      assert.throws(() => parseFailpoints(text), /is not phase:action/)
    }
  })

  test('are refused outside tests', () => {
    checkFailpoints({})
    checkFailpoints({ SPILLWAY_TEST: '1', SPILLWAY_FAIL: 'idle:kill' })
    checkFailpoints({ NODE_ENV: 'test', SPILLWAY_FAIL: 'idle:kill' })
    assert.throws(() => checkFailpoints({ SPILLWAY_FAIL: 'idle:kill' }), /only a test wants/)
    assert.throws(() => checkFailpoints({ SPILLWAY_TEST: '1', SPILLWAY_FAIL: 'x' }), /is not phase/)
  })

  for (const [phase, begun] of [
    ['decoded', false],
    ['after_mark', true],
    ['running', true],
    ['result_half', true],
  ] as const) {
    test(`${phase}: ${begun ? 'says that the handler began' : 'gives up unbegun'}`, async (t) => {
      armFailpoints(`${phase}:kill`)
      t.after(() => armFailpoints(''))
      const rig = openRig(t)
      const outcome = await rig.invoke({ id: 'x' })
      assert.equal(outcome.status, begun ? 'interrupted' : 'platform_error')
      assert.equal(outcome.handlerStarted, begun)
      const began = rig.effects().filter(([what]) => what === 'start')
      assert.equal(began.length, begun && phase !== 'after_mark' ? 1 : 0)
    })
  }

  test('where the fault is rare, the invocation runs elsewhere and nobody notices', async (t) => {
    // Not frame_written: by the time of that kill the handler may have begun.
    armFailpoints('idle:kill@0.2,frame_written:stop@0.1', { SPILLWAY_FAIL_SEED: '7' })
    t.after(() => armFailpoints(''))
    const rig = openRig(t)
    for (let i = 0; i < 20; i++) resultOf(await rig.invoke({ id: `${i}` }))
    assert.ok(rig.count('died') > 0)
    assert.equal(rig.effects().filter(([what]) => what === 'start').length, 20)
  })
})
