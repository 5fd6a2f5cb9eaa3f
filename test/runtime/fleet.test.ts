import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { FunctionDefinition } from '../../src/model/app.ts'
import { openRig, type Rig } from './rig.ts'

const NAME = 'effect'

/** Has the fleet serve these from now on, as a reload would. */
function configure(rig: Rig, functions: readonly FunctionDefinition[]): void {
  const around = { region: '', mode: 'start', path: process.env['PATH'] ?? '' } as const
  rig.fleet.configure({ ...rig.app, functions }, around)
}

describe('A function whose runtime is not served', () => {
  const unserved = [{ name: NAME, runtime: 'cobol1.x' }]

  test('lets everyone in, and has no slots left once its runtime is one that is served', async (t) => {
    const rig = openRig(t, { functions: unserved })
    assert.ok(rig.snapshot().slots > 1000)
    assert.equal((await rig.invoke({})).status, 'platform_error')
    configure(
      rig,
      rig.app.functions.map((fn) => ({ ...fn, runtime: 'nodejs24.x' })),
    )
    assert.equal(rig.snapshot().slots, 0)
    assert.equal((await rig.invoke({ id: 'served' })).status, 'ok')
    // One environment, which takes some at once where they are brief.
    assert.ok(rig.snapshot().slots <= 16)
  })

  test('has the slots of one function after it went away and came back', (t) => {
    const rig = openRig(t, { functions: unserved })
    const { slots } = rig.snapshot()
    configure(rig, [])
    assert.equal(rig.snapshot().slots, 0)
    configure(rig, rig.app.functions)
    assert.equal(rig.snapshot().slots, slots)
  })
})
