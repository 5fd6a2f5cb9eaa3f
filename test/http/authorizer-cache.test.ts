import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { AuthorizerAnswer } from '../../src/http/authorizer-answer.ts'
import { AuthorizerCache, cacheKey } from '../../src/http/authorizer-cache.ts'
import { virtualClock } from '../../src/lib/clock.ts'

const YES: AuthorizerAnswer = { kind: 'simple', isAuthorized: true, context: null }
const FAILED: AuthorizerAnswer = { kind: 'failed', why: 'boom' }

describe('What authorizers have said', () => {
  test('is waited for together by all who ask the same at the same time', async () => {
    const cache = new AuthorizerCache(virtualClock())
    const { promise, resolve } = Promise.withResolvers<AuthorizerAnswer>()
    let asked = 0
    const ask = async (): Promise<AuthorizerAnswer> => {
      asked++
      return await promise
    }
    const waiting: unknown[] = [
      cache.get('a', 1000, ask),
      cache.get('a', 1000, ask),
      cache.get('b', 1000, ask),
    ]
    resolve(YES)
    assert.deepEqual(await Promise.all(waiting), [YES, YES, YES])
    assert.equal(asked, 2)
    assert.equal(cache.get('a', 1000, ask), YES, 'and is there at once from then on')
  })

  test('is asked for again after a failure, and those who waited learn of it', async () => {
    const cache = new AuthorizerCache(virtualClock())
    const answers = [FAILED, YES]
    const ask = async (): Promise<AuthorizerAnswer> => answers.shift() ?? FAILED
    assert.deepEqual(await Promise.all([cache.get('a', 1000, ask), cache.get('a', 1000, ask)]), [
      FAILED,
      FAILED,
    ])
    assert.equal(await cache.get('a', 1000, ask), YES)
  })

  test('is asked for again after a bug of ours, which nobody waits for in vain', async () => {
    const cache = new AuthorizerCache(virtualClock())
    const broken = async (): Promise<AuthorizerAnswer> => await Promise.reject(new Error('bug'))
    await assert.rejects(async () => await cache.get('a', 1000, broken), /bug/)
    assert.equal(await cache.get('a', 1000, async () => YES), YES)
  })

  test('is forgotten when there is too much of it, the oldest first', async () => {
    const cache = new AuthorizerCache(virtualClock(), 2)
    let asked = 0
    const ask = async (): Promise<AuthorizerAnswer> => {
      asked++
      return YES
    }
    for (const key of ['a', 'b', 'c']) await cache.get(key, 1000, ask)
    assert.equal(asked, 3)
    await cache.get('c', 1000, ask)
    await cache.get('b', 1000, ask)
    assert.equal(asked, 3)
    await cache.get('a', 1000, ask)
    assert.equal(asked, 4)
  })

  test('has a key of its own for each question', () => {
    const part = fc.oneof(fc.string(), fc.array(fc.string(), { maxLength: 3 }))
    const parts = fc.array(part, { maxLength: 4 })
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        const isSame = JSON.stringify(one) === JSON.stringify(other)
        assert.equal(cacheKey(one) === cacheKey(other), isSame)
      }),
    )
  })
})
