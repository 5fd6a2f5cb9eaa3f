import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { startCli } from '../support/cli.ts'
import { makeFolder } from '../support/service.ts'

/** Handlers of each kind that Node reads its own way. */
const FILES = {
  'serverless.yml': `
service: built
provider: { name: aws, runtime: nodejs24.x }
functions:
  common: { handler: common.handler }
  module: { handler: module.handler }
  typed: { handler: typed.handler }
  syntax: { handler: syntax.handler }
`,
  'common.js': `exports.handler = async () => [typeof require.main, typeof process.mainModule]`,
  'module.mjs': `export const handler = async () => [typeof import.meta.url, (await import('node:os')).EOL]`,
  'typed.ts': `enum Kind { typed = 'typed' }\nexport const handler = async (): Promise<unknown> => [Kind.typed]`,
  'syntax.js': `import { sep } from 'node:path'\nexport const handler = async () => [sep]`,
}

describe('The Node bootstrap, built as one file', () => {
  test('loads every kind of handler, and is nobody’s main module', async (t) => {
    const server = await startCli(t, ['start', makeFolder(FILES)])
    const call = async (key: string): Promise<unknown> => {
      const path = `/2015-03-31/functions/built-dev-${key}/invocations`
      return await (await fetch(new URL(path, server.aws), { method: 'POST', body: '{}' })).json()
    }
    assert.deepEqual(await call('common'), ['undefined', 'undefined'])
    assert.deepEqual(await call('module'), ['string', '\n'])
    assert.deepEqual(await call('typed'), ['typed'])
    assert.deepEqual(await call('syntax'), ['/'])
  })
})
