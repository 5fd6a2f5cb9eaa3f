import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { engineRig } from './rig.ts'

describe('A message that goes on elsewhere', () => {
  test('leaves its queue in the step in which the other one gets the new message', () => {
    const rig = engineRig()
    rig.define('from')
    rig.define('to')
    rig.send('from', 'a')
    const [taken] = rig.receive('from')
    const handle = taken?.receiptHandle ?? ''
    const takes = { handle, target: 'to', message: { body: 'about a' } }
    assert.equal(rig.ask('transfer', 'from', takes), true)
    rig.restart()
    assert.deepEqual(rig.receive('from'), [])
    assert.deepEqual(
      rig.receive('to').map(({ body }) => body),
      ['about a'],
    )
    // Whoever asks again is told so, and sends nothing.
    assert.equal(rig.ask('transfer', 'from', takes), false)
    assert.equal(rig.ask('counts', 'to', {}).visible, 0)
  })

  test('stays where the other queue is not there', () => {
    const rig = engineRig()
    rig.define('from')
    rig.send('from', 'a')
    const [taken] = rig.receive('from')
    const handle = taken?.receiptHandle ?? ''
    const takes = { handle, target: 'nowhere', message: { body: 'about a' } }
    assert.throws(() => rig.ask('transfer', 'from', takes), /there is no queue nowhere/)
    assert.equal(rig.ask('counts', 'from', {}).inFlight, 1)
  })
})
