import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { openSavedLimits } from '../../src/admin/saved-limits.ts'
import type { SavedChange } from '../../src/gate/limits/saved-changes.ts'
import { makeFolder } from '../support/service.ts'

const CHANGE: SavedChange = {
  scope: 'group',
  name: 'etl',
  field: 'headroom.batch',
  value: null,
  by: 'ada',
  savedAt: '2026-11-24T00:00:00.000Z',
}

describe('The file of saved limits', () => {
  test('is made with its folder by the first save, and read by the next start', () => {
    const directory = join(makeFolder(), 'a/b')
    const saved = openSavedLimits(directory)
    assert.deepEqual(saved.changes, [])
    saved.save([CHANGE])
    assert.deepEqual(openSavedLimits(directory).changes, [CHANGE])
    saved.save([])
    assert.deepEqual(openSavedLimits(directory).changes, [])
    assert.deepEqual(readdirSync(directory), ['limits.json'], 'nothing is left beside it')
    assert.equal(statSync(join(directory, 'limits.json')).mode & 0o777, 0o600)
  })

  test('stays as it was when it cannot be written', () => {
    const directory = makeFolder()
    openSavedLimits(directory).save([CHANGE])
    const before = readFileSync(join(directory, 'limits.json'), 'utf8')
    // A folder where the new file would be written first.
    const beside = join(directory, `limits.json.${process.pid}.tmp`)
    mkdirSync(beside)
    const saved = openSavedLimits(directory)
    assert.throws(() => saved.save([]), {
      code: 'SPILLWAY_LIMITS',
      message: /^cannot save limits, and nothing has changed: EISDIR/,
    })
    assert.equal(readFileSync(join(directory, 'limits.json'), 'utf8'), before)
    rmSync(beside, { recursive: true })
  })

  for (const [text, why] of [
    ['{', /JSON/],
    ['{"version":2,"changes":[]}', /version/],
    [
      JSON.stringify({ version: 1, changes: [{ ...CHANGE, scope: 'team' }] }),
      /changes\.0\.scope: .*"team"/,
    ],
  ] as const) {
    test(`that cannot be used stops the start, and is named (${text})`, () => {
      const directory = makeFolder({ 'limits.json': '' })
      writeFileSync(join(directory, 'limits.json'), text)
      assert.throws(
        () => openSavedLimits(directory),
        (error: Error) =>
          error.message.startsWith(`${join(directory, 'limits.json')} holds no saved limits: `) &&
          error.message.endsWith('; mend it, or remove it to start without') &&
          why.test(error.message),
      )
    })
  }
})
