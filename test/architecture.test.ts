import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { describe, test } from 'node:test'
import { breaches, codeLines, importsOf, sourceFiles, type Walls } from './support/walls.ts'

const ROOT = join(import.meta.dirname, '..')
const FILE_LINES_MAX = 400

/**
 * The house: who may import whom, besides itself. Nothing imports upward; the heart imports
 * nothing. What a room needs from above is a function that `spillway.ts` passes to it.
 */
const WALLS: Walls = {
  rooms: {
    lib: [],
    model: ['lib'],
    gate: ['lib', 'model'],
    events: ['lib', 'model'],
    manifest: ['lib', 'model'],
    export: ['lib', 'model'],
    queue: ['lib', 'model'],
    auth: ['lib', 'model'],
    rates: ['lib', 'model'],
    bus: ['lib', 'model', 'events', 'queue'],
    cluster: ['lib', 'model', 'gate'],
    simulate: ['lib', 'model', 'gate'],
    runtime: ['lib', 'model', 'events'],
    invoke: ['lib', 'model', 'gate', 'runtime', 'events', 'queue', 'bus'],
    sources: ['lib', 'model', 'gate', 'invoke', 'queue', 'bus', 'events'],
    http: ['lib', 'model', 'gate', 'invoke', 'events', 'auth', 'rates'],
    aws: ['lib', 'model', 'gate', 'invoke', 'queue', 'bus', 'events', 'auth'],
    admin: ['lib', 'model', 'gate', 'invoke', 'queue', 'auth'],
    adapters: ['lib', 'model', 'events', 'rates'],
    cli: 'everything',
    'spillway.ts': 'everything',
    'index.ts': 'everything',
  },
  pure: ['gate', 'events', 'model'],
  packagesOnlyIn: { lib: { file: 'lib/log.ts', packages: ['pino'] } },
}

describe('The walls', () => {
  test('no room imports what the table does not allow', () => {
    assert.deepEqual(breaches(join(ROOT, 'src'), WALLS), [])
  })

  test(`no file is longer than ${FILE_LINES_MAX} lines, blank ones and comments aside`, () => {
    const tooLong = sourceFiles(join(ROOT, 'src'))
      .map((file) => ({ file: relative(ROOT, file), lines: codeLines(readFileSync(file, 'utf8')) }))
      .filter(({ lines }) => lines > FILE_LINES_MAX)
    assert.deepEqual(tooLong, [])
  })

  test('the linter keeps the walls of size', () => {
    const config = JSON.parse(readFileSync(join(ROOT, '.oxlintrc.json'), 'utf8'))
    const counted = { skipBlankLines: true, skipComments: true }
    assert.deepEqual(config.rules['max-lines'], ['error', { max: FILE_LINES_MAX, ...counted }])
    assert.deepEqual(config.rules['max-lines-per-function'], ['error', { max: 60, ...counted }])
    assert.equal(config.rules['import/no-cycle'], 'error')
    for (const { files } of config.overrides) {
      assert.ok(
        files.every((glob: string) => /^(?:test|bench|examples)\//.test(glob)),
        `an override loosens the walls for ${files}`,
      )
    }
  })
})

describe('The check of the walls', () => {
  test('sees a forbidden import, whichever way it is written', () => {
    for (const line of [
      `import { toEvent } from '../events/http.ts'`,
      `import type { HttpRequest } from '../events/http.ts'`,
      `import {\n  toEvent,\n} from '../events/http.ts'`,
      `import '../events/http.ts'`,
      `export * from '../events/http.ts'`,
      `export type { HttpRequest } from '../events/http.ts'`,
      `export const load = () => import('../events/http.ts')`,
      `type Request = import('../events/http.ts').HttpRequest`,
    ]) {
      const found = planted({ 'gate/gate.ts': line, 'events/http.ts': '' })
      assert.deepEqual(
        found,
        ['gate may not import events (src/gate/gate.ts → src/events/http.ts)'],
        line,
      )
    }
  })

  test('sees node: in the heart, directly', () => {
    assert.deepEqual(planted({ 'gate/gate.ts': `import { readFileSync } from 'node:fs'` }), [
      'gate may not reach node:fs (src/gate/gate.ts → node:fs)',
    ])
    assert.deepEqual(planted({ 'gate/gate.ts': `process.getBuiltinModule('fs')` }), [
      'gate may not reach fs (src/gate/gate.ts → fs)',
    ])
  })

  test('sees node: behind another file', () => {
    const found = planted({
      'gate/gate.ts': `import { now } from '../lib/time.ts'`,
      'lib/time.ts': `export { now } from './deeper.ts'`,
      'lib/deeper.ts': `import { hrtime } from 'node:process'\nexport const now = hrtime`,
    })
    assert.deepEqual(found, [
      'gate may not reach node:process (src/gate/gate.ts → src/lib/time.ts → src/lib/deeper.ts → node:process)',
    ])
  })

  test('sees a package behind another file, and packages in lib', () => {
    const files = {
      'events/rest.ts': `import { log } from '../lib/log.ts'`,
      'lib/log.ts': `import { pino } from 'pino'\nexport const log = pino()`,
      'lib/other.ts': `import pino from 'pino'`,
    }
    assert.deepEqual(planted(files), [
      'events may not reach pino (src/events/rest.ts → src/lib/log.ts → pino)',
      'lib may not import the package pino (src/lib/other.ts)',
    ])
  })

  test('sees what cannot be read: a computed import in the heart, an unknown room', () => {
    assert.deepEqual(
      planted({ 'model/app.ts': `const x = await import(name)`, 'utils/x.ts': '' }),
      [
        'model may not reach (computed) (src/model/app.ts → (computed))',
        'utils is not a room of the table (src/utils/x.ts)',
      ],
    )
  })

  test('lets pass what is allowed: a type that comes from node:, a comment, the table', () => {
    const found = planted({
      'gate/gate.ts': `import type { Clock } from '../lib/clock.ts'\nimport { a } from '../lib/a.ts'`,
      'lib/clock.ts': `import { hrtime } from 'node:process'\nexport interface Clock {}`,
      'lib/a.ts': `/**\n * import { x } from '../gate/gate.ts'\n */\nimport type { Socket } from 'node:net'\nexport const a = 1`,
      'http/server.ts': `import { createServer } from 'node:http'\nimport '../gate/gate.ts'`,
    })
    assert.deepEqual(found, [])
  })

  test('counts lines of code only', () => {
    assert.equal(codeLines('/**\n * why\n */\n\nconst a = 1 // here\n  // there\nconst b = 2\n'), 2)
  })

  test('reads no import into text that only looks like one', () => {
    assert.deepEqual(importsOf(`const message = 'please import x from "y"'\n`), [])
  })
})

/** The breaches of a small house with these files. */
function planted(files: Readonly<Record<string, string>>): string[] {
  const dir = mkdtempSync(join(tmpdir(), 'walls-'))
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(dir, name)), { recursive: true })
      writeFileSync(join(dir, name), text)
    }
    return breaches(dir, WALLS)
  } finally {
    rmSync(dir, { recursive: true })
  }
}
