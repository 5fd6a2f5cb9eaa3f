import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { matchesGlob } from '../../src/http/glob.ts'
import { createListenerRules } from '../../src/http/listener-rules.ts'
import type { Asked } from '../../src/http/router.ts'
import type { ListenerRule } from '../../src/model/front-rules.ts'
import { apiOf, ruleOf } from './serve.ts'

function finds(rules: readonly ListenerRule[], asked: Partial<Asked>): string | undefined {
  const targets = rules.map((rule, i) => {
    const api = apiOf('alb', ['ANY /*'], { route: { rule, functionName: `f${i}` } })
    return { api, route: api.routes[0] ?? assert.fail() }
  })
  const find = createListenerRules(targets)
  return find({ method: 'GET', path: '/', ...asked })?.route.functionName
}

const takes = (rule: Partial<ListenerRule>, asked: Partial<Asked>): boolean =>
  finds([ruleOf(rule)], asked) !== undefined

describe('A rule of a listener', () => {
  for (const [what, rule, yes, no] of [
    ['a path, in its case', { paths: ['/img/*', '/x'] }, { path: '/img/a/b' }, { path: '/IMG/a' }],
    ['a path of so many characters', { paths: ['/?'] }, { path: '/a' }, { path: '/ab' }],
    ['a path as sent', { paths: ['/a%20*'] }, { path: '/a%20b' }, { path: '/a b' }],
    ['a method, in its case', { methods: ['POST', 'X'] }, { method: 'X' }, { method: 'post' }],
    [
      'a host in any case, whatever its port',
      { hosts: ['*.Example.com'] },
      { host: 'A.example.COM:3000' },
      { host: 'example.com' },
    ],
    ['a host, where one is named', { hosts: ['a.b'] }, { host: 'a.b' }, {}],
    [
      'a header in any case, any of its repeats',
      { headers: [{ name: 'X-A', values: ['b*'] }] },
      { rawHeaders: ['x-a', 'c', 'x-A', 'Bc'] },
      { rawHeaders: ['x-b', 'b', 'b', 'x-a'] },
    ],
    [
      'all headers that it names',
      {
        headers: [
          { name: 'a', values: ['1', '2'] },
          { name: 'b', values: ['*'] },
        ],
      },
      { rawHeaders: ['b', '', 'a', '2'] },
      { rawHeaders: ['a', '2'] },
    ],
    [
      'one of the pairs of a query, in any case',
      {
        queries: [
          [
            { key: 'v', value: '1' },
            { key: 'W', value: '2*' },
          ],
        ],
      },
      { query: 'a&w=23' },
      { query: '1=v&w=3' },
    ],
    [
      'an address of IPv4',
      { sourceIps: ['10.0.0.0/8', '192.168.1.1/32'] },
      { sourceIp: () => '10.9.8.7' },
      { sourceIp: () => '11.0.0.1' },
    ],
    [
      'an address of IPv6',
      { sourceIps: ['fe80::/10'] },
      { sourceIp: () => 'fe80::1' },
      { sourceIp: () => '10.0.0.1' },
    ],
    ['any address', { sourceIps: ['0.0.0.0/0'] }, { sourceIp: () => '8.8.8.8' }, {}],
    [
      'what meets every condition',
      { paths: ['/a'], methods: ['GET'] },
      { path: '/a' },
      { path: '/a', method: 'PUT' },
    ],
  ] as const) {
    test(`takes ${what}`, () => {
      assert.deepEqual([takes(rule, yes), takes(rule, no)], [true, false])
    })
  }

  test('is looked at by priority; one without conditions takes all that is left', () => {
    const rules = [
      ruleOf({ priority: 30 }),
      ruleOf({ priority: 20, paths: ['/a*'] }),
      ruleOf({ priority: 10, paths: ['/ab'] }),
    ]
    assert.deepEqual(
      ['/ab', '/ac', '/b'].map((path) => finds(rules, { path })),
      ['f2', 'f1', 'f0'],
    )
  })
})

describe('A pattern', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 8 })
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '?'), maxLength: 8 })

  test('matches what the regular expression of the same meaning matches', () => {
    fc.assert(
      fc.property(pattern, text, (glob, given) => {
        const source = glob.replaceAll('.', '\\.').replaceAll('?', '.').replaceAll('*', '.*')
        assert.equal(matchesGlob(glob, given), new RegExp(`^${source}$`).test(given))
      }),
      { numRuns: 5000 },
    )
  })

  test('of many wildcards is not slow on a text made for it', () => {
    const started = process.cpuUsage()
    assert.equal(matchesGlob(`${'*a'.repeat(60)}b`, 'a'.repeat(16_000)), false)
    assert.ok(process.cpuUsage(started).user < 5_000_000)
  })
})
