import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { createBearerCheck } from '../../src/auth/bearer.ts'
import { createSecretSet } from '../../src/auth/secret.ts'

describe('A set of secrets', () => {
  test('has exactly the values it was made of', () => {
    const secrets = fc.uniqueArray(fc.string({ size: 'max', maxLength: 40 }), {
      size: 'max',
      maxLength: 20,
    })
    fc.assert(
      fc.property(secrets, fc.string({ size: 'max', maxLength: 40 }), (values, other) => {
        const set = createSecretSet(values)
        for (const value of values) assert.ok(set.has(value))
        assert.equal(set.has(other), values.includes(other))
      }),
    )
  })

  test('tells apart values that begin alike, differ in case, or are of another length', () => {
    const set = createSecretSet(['s3cret-key'])
    for (const wrong of ['s3cret-kez', 'S3cret-key', 's3cret-ke', 's3cret-key ', '']) {
      assert.equal(set.has(wrong), false, wrong)
    }
    assert.equal(set.has('s3cret-key'), true)
  })

  test('has nothing when it was made of nothing, the empty value included', () => {
    assert.equal(createSecretSet([]).has(''), false)
  })
})

describe('A bearer token', () => {
  const mayPass = createBearerCheck('t0ken')

  test('passes under any spelling of the scheme', () => {
    for (const header of ['Bearer t0ken', 'bearer t0ken', 'BEARER  t0ken']) {
      assert.equal(mayPass(header), true, header)
    }
  })

  test('does not pass in another scheme, bare, doubled, or not at all', () => {
    for (const header of [
      undefined,
      '',
      't0ken',
      'Bearer',
      'Bearer ',
      'Basic t0ken',
      'Bearer t0ken t0ken',
      'Bearer t0kem',
    ]) {
      assert.equal(mayPass(header), false, header)
    }
  })
})
