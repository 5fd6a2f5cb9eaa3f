import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { runStorm } from './run-storm.ts'
import { STORMS } from './storms.ts'

/** In short: `npm run chaos` has the sizes that say something. */
describe('A storm, in short', () => {
  for (const storm of STORMS) {
    test(`${storm.name}, ${storm.title}: is survived, and its fault found out`, async (t) => {
      const reason = storm.whyNot?.()
      if (reason !== undefined) return t.skip(`!! SKIPPED: ${reason}`)
      const { verdict, control } = await runStorm(storm, storm.short)
      t.diagnostic(JSON.stringify(verdict.facts))
      assert.deepEqual(verdict.failures, {})
      const found = Object.keys(control.failures)
      assert.ok(found.includes(storm.control.finds), `${storm.control.what}: ${found.join(', ')}`)
    })
  }
})
