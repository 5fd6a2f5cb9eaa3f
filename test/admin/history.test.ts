import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { openHistory, type History } from '../../src/admin/history.ts'
import { ofPlatform } from '../../src/invoke/failure.ts'
import type { Invocation, Outcome } from '../../src/invoke/invocation.ts'
import { createTally } from '../../src/invoke/tally.ts'
import { makeFolder } from '../support/service.ts'

const FACTS = { handlerStarted: false, attempts: 1, waitedMs: 0 }
const INVOCATION = { functionName: 'report', source: 'http' } as Invocation
const OK = { ...FACTS, status: 'ok' } as Outcome
const LATE: Outcome = {
  ...FACTS,
  status: 'platform_error',
  message: 'm',
  failure: ofPlatform('deadline'),
}

/** A node's run: these outcomes, in this directory. */
function run(directory: string, ...outcomes: Outcome[]): { history: History; troubles: string[] } {
  const tally = createTally()
  const troubles: string[] = []
  const history = openHistory({
    tally,
    directory,
    wallMs: () => 0,
    onTrouble: (sentence) => void troubles.push(sentence),
  })
  for (const outcome of outcomes) tally.add(INVOCATION, outcome)
  tally.addRetry('report', 'env_exit')
  return { history, troubles }
}

describe('The history of a node', () => {
  test('goes on where the run before ended', () => {
    const folder = makeFolder()
    run(folder, OK, LATE).history.save()
    const { history, troubles } = run(folder, OK, OK)
    assert.deepEqual(troubles, [])
    const { since, functions } = history.read()
    assert.equal(since, '1970-01-01T00:00:00.000Z')
    const [report] = functions
    assert.deepEqual([report?.outcomes['ok'], report?.outcomes['platform_error']], [3, 1])
    assert.deepEqual(report?.errors, { 'platform/deadline/0': 1 })
    assert.deepEqual(report.retries, { env_exit: 2 })
  })

  test('is written whole and often without being counted twice', () => {
    const folder = makeFolder()
    const { history } = run(folder, OK)
    history.save()
    history.save()
    const file = JSON.parse(readFileSync(join(folder, 'history.json'), 'utf8')) as object
    assert.deepEqual(file, { version: 1, ...history.read() })
  })

  test('begins anew, and says so, where its file is none', () => {
    const folder = makeFolder()
    writeFileSync(join(folder, 'history.json'), '{"version":1,"functions":"all"}')
    const { history, troubles } = run(folder, OK)
    assert.equal(history.read().functions[0]?.outcomes['ok'], 1)
    assert.match(troubles[0] ?? '', /history\.json holds no history, a new one begins: /)
  })

  test('that cannot be written is said, and stops nothing', () => {
    const folder = makeFolder({ file: '' })
    const { history, troubles } = run(join(folder, 'file'), OK)
    history.save()
    assert.match(troubles.at(-1) ?? '', /^cannot write .*history\.json: /)
  })
})
