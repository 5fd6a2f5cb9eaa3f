import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { bootstrapFolder, EFFECT_HANDLER, nodeBootstrap } from '../support/bootstraps.ts'
import { openRig, resultOf, type RigOptions } from './rig.ts'

function provided(taskRoot: string): NonNullable<RigOptions['functions']>[number] {
  return { name: 'effect', runtime: 'provided.al2023', taskRoot }
}

describe('A runtime that brings its own program', () => {
  test('answers invocations over the Runtime API, one after the other', async (t) => {
    const rig = openRig(t, {
      functions: [provided(bootstrapFolder(nodeBootstrap(EFFECT_HANDLER)))],
    })
    const first = await rig.invoke({ id: 'a' })
    console.log(first, rig.events)
    const pid = resultOf(first)
    const t0 = performance.now()
    for (let i = 0; i < 20; i++) assert.equal(resultOf(await rig.invoke({ id: 'b' })), pid)
    console.log((performance.now() - t0) / 20)
  })
})
