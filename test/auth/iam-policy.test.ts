import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { matchesGlob } from '../../src/auth/glob.ts'
import { evaluatePolicy, parsePolicy } from '../../src/auth/iam-policy.ts'

const API = 'arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5'
const GET_ME = `${API}/dev/GET/me`
const INVOKE = 'execute-api:Invoke'

const allow = (more: object) => ({ Effect: 'Allow', Action: INVOKE, ...more })
const deny = (more: object) => ({ Effect: 'Deny', Action: INVOKE, ...more })

const verdictOf = (statements: unknown, resource = GET_ME): string => {
  const policy = parsePolicy({ Version: '2012-10-17', Statement: statements })
  return policy === undefined ? 'not understood' : evaluatePolicy(policy, INVOKE, resource)
}

describe('A policy', () => {
  for (const [what, statements, verdict] of [
    ['allows everything', allow({ Resource: '*' }), 'allow'],
    ['allows in a list', [allow({ Resource: ['arn:aws:execute-api:*:*:x/*', GET_ME] })], 'allow'],
    ['allows exactly', allow({ Resource: GET_ME }), 'allow'],
    ['allows another path', allow({ Resource: `${API}/dev/GET/you` }), 'implicit-deny'],
    ['allows another method', allow({ Resource: `${API}/dev/POST/me` }), 'implicit-deny'],
    ['allows another stage', allow({ Resource: `${API}/prod/GET/me` }), 'implicit-deny'],
    ['allows the whole API', allow({ Resource: `${API}/*` }), 'allow'],
    ['allows by method', allow({ Resource: `${API}/*/GET/*` }), 'allow'],
    ['allows with one letter open', allow({ Resource: `${API}/dev/GET/m?` }), 'allow'],
    [
      'needs a letter for the question mark',
      allow({ Resource: `${API}/dev/GET/me?` }),
      'implicit-deny',
    ],
    ['allows any region and account', allow({ Resource: 'arn:aws:execute-api:*:*:*' }), 'allow'],
    [
      'has a star for one part only',
      allow({ Resource: 'arn:aws:*:a1b2c3d4e5/dev/GET/me:*:*' }),
      'implicit-deny',
    ],
    ['allows another service', allow({ Resource: 'arn:aws:lambda:*:*:*' }), 'implicit-deny'],
    ['says nothing', [], 'not understood'],
    ['denies everything', deny({ Resource: '*' }), 'explicit-deny'],
    [
      'denies after it allowed',
      [allow({ Resource: '*' }), deny({ Resource: GET_ME })],
      'explicit-deny',
    ],
    [
      'denies before it allows',
      [deny({ Resource: GET_ME }), allow({ Resource: '*' })],
      'explicit-deny',
    ],
    [
      'denies something else',
      [allow({ Resource: '*' }), deny({ Resource: `${API}/dev/POST/*` })],
      'allow',
    ],
    [
      'names the action in capitals',
      { ...allow({ Resource: '*' }), Action: 'EXECUTE-API:INVOKE' },
      'allow',
    ],
    [
      'allows all of the service',
      { ...allow({ Resource: '*' }), Action: 'execute-api:*' },
      'allow',
    ],
    ['allows all actions', { ...allow({ Resource: '*' }), Action: ['*'] }, 'allow'],
    [
      'allows another action',
      { ...allow({ Resource: '*' }), Action: 'execute-api:ManageConnections' },
      'implicit-deny',
    ],
    [
      'allows all but this action',
      { Effect: 'Allow', NotAction: INVOKE, Resource: '*' },
      'implicit-deny',
    ],
    [
      'allows all but another action',
      { Effect: 'Allow', NotAction: 's3:*', Resource: '*' },
      'allow',
    ],
    ['allows all but this resource', allow({ NotResource: `${API}/dev/GET/*` }), 'implicit-deny'],
    [
      'denies all but this resource',
      [allow({ Resource: '*' }), deny({ NotResource: [GET_ME] })],
      'allow',
    ],
    [
      'denies all but another resource',
      [allow({ Resource: '*' }), deny({ NotResource: `${API}/x/*` })],
      'explicit-deny',
    ],
    ['carries a Sid', allow({ Sid: 'one', Resource: '*' }), 'allow'],
  ] as const) {
    test(`that ${what}: ${verdict}`, () => assert.equal(verdictOf(statements), verdict))
  }

  test('may hold colons and slashes in its last part', () => {
    const resource = `${API}/dev/GET/a:b/c:d`
    assert.equal(verdictOf(allow({ Resource: `${API}/dev/GET/a:*` }), resource), 'allow')
    assert.equal(verdictOf(allow({ Resource: `${API}/dev/GET/a:b` }), resource), 'implicit-deny')
  })
})

describe('A policy is not half understood', () => {
  for (const [what, document] of [
    ['null', null],
    ['a text', '{}'],
    ['a list', []],
    ['no statement', { Version: '2012-10-17' }],
    ['a statement that is none', { Statement: [null] }],
    ['no effect', { Statement: { Action: INVOKE, Resource: '*' } }],
    ['an effect in small letters', { Statement: { ...allow({ Resource: '*' }), Effect: 'allow' } }],
    ['no action', { Statement: { Effect: 'Allow', Resource: '*' } }],
    ['no resource', { Statement: { Effect: 'Allow', Action: INVOKE } }],
    ['an empty list of resources', { Statement: allow({ Resource: [] }) }],
    ['a resource that is no text', { Statement: allow({ Resource: [GET_ME, 7] }) }],
    ['a resource that is no ARN', { Statement: allow({ Resource: 'arn:aws:execute-api:*' }) }],
    ['both forms at once', { Statement: allow({ Resource: '*', NotResource: GET_ME }) }],
    ['a condition', { Statement: allow({ Resource: '*', Condition: { IpAddress: {} } }) }],
    ['a principal', { Statement: allow({ Resource: '*', Principal: '*' }) }],
    ['a variable', { Statement: allow({ Resource: `${API}/dev/GET/\${aws:username}` }) }],
    [
      'one good statement beside a bad one',
      { Statement: [allow({ Resource: '*' }), { Effect: 'Deny' }] },
    ],
  ] as const) {
    test(what, () => assert.equal(parsePolicy(document), undefined))
  }
})

describe('A pattern', () => {
  test('fits what the same regular expression fits', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '/'), maxLength: 8 })
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 12 })
    fc.assert(
      fc.property(letters, text, (pattern, subject) => {
        const source = pattern.replaceAll('*', '.*').replaceAll('?', '.')
        assert.equal(matchesGlob(pattern, subject), new RegExp(`^${source}$`).test(subject))
      }),
      { numRuns: 2000 },
    )
  })

  test('is done in good time with many stars and a long text', { timeout: 10_000 }, () => {
    assert.equal(matchesGlob('*a'.repeat(30), 'a'.repeat(10_000) + 'b'), false)
  })
})
