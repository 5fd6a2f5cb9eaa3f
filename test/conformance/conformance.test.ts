import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { findPython } from '../../src/runtime/find-python.ts'
import { loadCases, type Case } from './cases.ts'
import { KNOWN_DIFFERENCES } from './known-differences.ts'
import { createPlayer } from './play.ts'
import { mayMakeTaskRoot, seesTaskRoot } from './task-root.ts'

/** What is built, and so must stay built. */
const TOPICS = [
  'rest-event',
  'rest-response',
  'rest-routing',
  'httpapi-event',
  'httpapi-response',
  'httpapi-routing',
  'node-runtime',
  'streaming',
  'environment',
  'httpapi-v1-event',
  'function-url-event',
  'function-url-response',
  'alb-event',
  'alb-response',
  'limits',
  'logs-and-failures',
  'concurrency-api',
  'python-runtime',
  'runtime-api',
  'rest-authorizer',
  'httpapi-authorizer',
  'cors',
  'schedule',
  'event-filter',
  'event-sources',
  'sqs-api',
  'sqs-md5',
  'sqs-to-lambda',
  'async-invoke',
]

/** Cases of these topics that wait for a part that is not built: each goes when its part comes. */
const NOT_YET: ReadonlySet<string> = new Set([
  'limits/async-payload-over-1-mib', // asynchronous invokes
])

/** Cases whose Python function has to run for real. */
const needsPython = ({ id, topic }: Case): boolean =>
  topic === 'python-runtime' ||
  topic === 'async-invoke' ||
  id === 'concurrency-api/provisioned-lifecycle'

const player = createPlayer(3)
after(async () => await player.close())

describe('Compatibility', { concurrency: 3 }, () => {
  for (const one of loadCases(import.meta.dirname, TOPICS)) {
    if (NOT_YET.has(one.id)) continue
    test(`${one.id} (${one.confidence})`, { timeout: 120_000 }, async (t) => {
      if (seesTaskRoot(one) && !mayMakeTaskRoot()) {
        return t.skip('!! SKIPPED: only root may make /var/task, which this case sees from inside')
      }
      if (needsPython(one) && findPython('python3.13', '/', process.env) === undefined) {
        return t.skip('!! SKIPPED: needs Python 3.9 or later')
      }
      const problems = await player.play(one)
      const reason = KNOWN_DIFFERENCES[one.id]
      if (reason === undefined) return assert.deepEqual(problems, [], one.note)
      assert.equal(one.confidence, 'medium', 'only cases of medium confidence may be excused')
      assert.notDeepEqual(problems, [], 'passes now: take it out of the known differences')
      t.diagnostic(`known difference: ${reason}`)
    })
  }
})
