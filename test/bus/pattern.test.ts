import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { compilePattern, parsePattern } from '../../src/bus/pattern.ts'
import { PatternError } from '../../src/bus/pattern-error.ts'
import { matchesNaively } from './naive-pattern.ts'

const matches = (pattern: unknown, event: unknown): boolean =>
  compilePattern(pattern).matches(event)

/** A pattern, an event that it matches, and one that it does not. */
const PAIRS: readonly (readonly [what: string, pattern: unknown, yes: unknown, no: unknown])[] = [
  ['a value', { a: ['x', 'y'] }, { a: 'y' }, { a: 'z' }],
  ['a value below others', { a: { b: ['x'] } }, { a: { b: 'x', c: 1 } }, { a: 'x' }],
  ['all fields', { a: ['x'], b: [1] }, { a: 'x', b: 1 }, { a: 'x', b: 2 }],
  ['numbers by value', { a: [300] }, { a: 3e2 }, { a: '300' }],
  ['booleans', { a: [false] }, { a: false }, { a: 'false' }],
  ['null', { a: [null] }, { a: null }, { a: 'null' }],
  ['the empty text', { a: [''] }, { a: '' }, { a: ' ' }],
  ['one element of a list', { a: ['x'] }, { a: ['y', 'x'] }, { a: ['y'] }],
  ['nothing in an empty list', { a: [{ exists: false }] }, { a: [] }, { a: [null] }],
  ['lists in lists', { a: ['x'] }, { a: [['y'], ['x']] }, { a: [['y']] }],
  ['prefixes', { a: [{ prefix: 'ab' }] }, { a: 'abc' }, { a: 'aabc' }],
  ['suffixes', { a: [{ suffix: '.png' }] }, { a: 'x.png' }, { a: 'x.PNG' }],
  [
    'prefixes in any case',
    { a: [{ prefix: { 'equals-ignore-case': 'Ab' } }] },
    { a: 'aBc' },
    { a: 'ac' },
  ],
  [
    'suffixes in any case',
    { a: [{ suffix: { 'equals-ignore-case': '.png' } }] },
    { a: 'x.PNG' },
    { a: 'x.gif' },
  ],
  [
    'texts in any case',
    { a: [{ 'equals-ignore-case': 'Straße' }] },
    { a: 'STRAßE' },
    { a: 'strasse' },
  ],
  ['only texts by their prefix', { a: [{ prefix: '' }] }, { a: '' }, { a: 1 }],
  ['wildcards', { a: [{ wildcard: 'a*b*c' }] }, { a: 'axxbc' }, { a: 'acb' }],
  ['an escaped wildcard', { a: [{ wildcard: 'a\\*\\\\*' }] }, { a: 'a*\\bc' }, { a: 'ab\\bc' }],
  ['the empty wildcard', { a: [{ wildcard: '' }] }, { a: '' }, { a: 'x' }],
  ['a lone wildcard', { a: [{ wildcard: '*' }] }, { a: '' }, { a: 1 }],
  ['equal numbers', { a: [{ numeric: ['=', 5] }] }, { a: 5.0 }, { a: 5.1 }],
  ['ranges of numbers', { a: [{ numeric: ['>', 0, '<=', 5] }] }, { a: 5 }, { a: 0 }],
  ['numbers below', { a: [{ numeric: ['<', 5] }] }, { a: -5 }, { a: null }],
  ['addresses', { a: [{ cidr: '10.0.0.0/24' }] }, { a: '10.0.0.255' }, { a: '10.0.1.0' }],
  ['any address', { a: [{ cidr: '0.0.0.0/0' }] }, { a: '255.255.255.255' }, { a: '10.0.0.256' }],
  [
    'longer addresses',
    { a: [{ cidr: '2001:db8:1234:1a00::/56' }] },
    { a: '2001:0db8:1234:1aff::1' },
    { a: '2001:db8:1234:1b00::' },
  ],
  [
    'addresses of one family',
    { a: [{ cidr: '::ffff:a00:0/104' }] },
    { a: '::ffff:10.9.9.9' },
    { a: '10.9.9.9' },
  ],
  ['what exists', { a: [{ exists: true }] }, { a: null }, { b: 1 }],
  ['leaves alone as existing', { a: [{ exists: false }] }, { a: { b: 1 } }, { a: 1 }],
  [
    'what is absent with its parents',
    { a: { b: { c: [{ exists: false }] } } },
    { x: 1 },
    { a: { b: { c: 1 } } },
  ],
  ['one of several tests', { a: [{ prefix: 'x' }, 5, { exists: false }] }, {}, { a: 6 }],
  ['anything but a text', { a: [{ 'anything-but': 'x' }] }, { a: null }, { a: 'x' }],
  ['nothing but what is there', { a: [{ 'anything-but': 'x' }] }, { a: 5 }, {}],
  ['anything but several', { a: [{ 'anything-but': ['x', 'y'] }] }, { a: 'z' }, { a: 'y' }],
  ['anything but numbers', { a: [{ 'anything-but': [1, 2] }] }, { a: '1' }, { a: 2 }],
  ['anything but a prefix', { a: [{ 'anything-but': { prefix: 'ab' } }] }, { a: 12 }, { a: 'abc' }],
  [
    'anything but some suffixes',
    { a: [{ 'anything-but': { suffix: ['.a', '.b'] } }] },
    { a: 'x.c' },
    { a: 'x.b' },
  ],
  [
    'anything but a text in any case',
    { a: [{ 'anything-but': { 'equals-ignore-case': ['X', 'y'] } }] },
    { a: 'z' },
    { a: 'x' },
  ],
  [
    'anything but a wildcard',
    { a: [{ 'anything-but': { wildcard: '*/x/*' } }] },
    { a: 'x/y' },
    { a: 'a/x/b' },
  ],
  [
    'one element that is anything but',
    { a: [{ 'anything-but': 'x' }] },
    { a: ['x', 'y'] },
    { a: ['x'] },
  ],
  ['dots in names as steps', { 'a.b': ['x'] }, { a: { b: 'x' } }, { 'a.c': 'x' }],
  ['steps as dots in names', { a: { b: ['x'] } }, { 'a.b': 'x' }, { 'a.b': { b: 'x' } }],
  [
    'one of two alternatives',
    { $or: [{ a: ['x'] }, { b: ['y'] }] },
    { a: 'z', b: 'y' },
    { a: 'y', b: 'x' },
  ],
  [
    'alternatives within',
    { d: { $or: [{ a: ['x'] }, { b: { c: [1] } }] }, e: [2] },
    { d: { b: { c: 1 } }, e: 2 },
    { d: { b: { c: 1 } }, e: 3 },
  ],
  [
    'alternatives in alternatives',
    { $or: [{ a: [1] }, { $or: [{ b: [2] }, { c: [3] }] }] },
    { c: 3 },
    { c: 2 },
  ],
  [
    'what stands in one element',
    { l: { a: [1], b: [2] } },
    { l: [{ a: 1 }, { a: 1, b: 2 }] },
    {
      l: [
        { a: 1, b: 3 },
        { a: 3, b: 2 },
      ],
    },
  ],
  [
    'what stands in different lists',
    { k: { a: [1] }, l: { b: [2] } },
    { k: [{}, { a: 1 }], l: [{ b: 2 }] },
    { k: [{ a: 1 }], l: [{ a: 2 }] },
  ],
  [
    'what is absent in one element',
    { l: { a: [1], b: [{ exists: false }] } },
    { l: [{ a: 1 }, { b: 2 }] },
    { l: [{ a: 1, b: 2 }, { b: 2 }] },
  ],
  ['names that objects inherit', { constructor: ['x'] }, { constructor: 'x' }, {}],
]

describe('A pattern matches', () => {
  for (const [what, pattern, yes, no] of PAIRS) {
    test(what, () => {
      assert.equal(matches(pattern, yes), true, `${JSON.stringify(pattern)} ${JSON.stringify(yes)}`)
      assert.equal(matches(pattern, no), false, `${JSON.stringify(pattern)} ${JSON.stringify(no)}`)
    })
  }

  test('no event that is no object', () => {
    for (const event of ['a', 5, null, ['a'], undefined]) {
      assert.equal(matches({ a: [{ exists: false }] }, event), false)
    }
  })

  test('what a matcher finds that tries everything', () => {
    fc.assert(
      fc.property(PATTERN, EVENT, (pattern, event) => {
        assert.equal(matches(pattern, event), matchesNaively(pattern, event))
      }),
      { numRuns: 20_000 },
    )
  })
})

/** Recorded on AWS, or worded by the matcher it runs (aws/event-ruler). */
const REFUSED: readonly (readonly [pattern: unknown, reason: string])[] = [
  ['a', 'Filter is not an object'],
  [['a'], 'Filter is not an object'],
  [{}, 'Empty objects are not allowed'],
  [{ a: {} }, 'Empty objects are not allowed'],
  [{ a: 'x' }, '"a" must be an object or an array'],
  [{ a: { b: 42 } }, '"b" must be an object or an array'],
  [{ a: null }, '"a" must be an object or an array'],
  [{ a: [] }, 'Empty arrays are not allowed'],
  [{ a: [['x']] }, 'Match value must be String, number, true, false, or null'],
  [{ a: [{}] }, 'Match expression name not found'],
  [{ a: [{ EXISTS: true }] }, 'Unrecognized match type EXISTS'],
  [{ a: [{ constructor: 1 }] }, 'Unrecognized match type constructor'],
  [{ a: [{ suffix: 'x', prefix: 'y' }] }, 'Only one key allowed in match expression'],
  [{ a: [{ prefix: 1 }] }, 'prefix match pattern must be a string'],
  [{ a: [{ suffix: ['x'] }] }, 'suffix match pattern must be a string'],
  [{ a: [{ prefix: { wildcard: 'x' } }] }, 'Unsupported prefix pattern: wildcard'],
  [{ a: [{ 'equals-ignore-case': ['x'] }] }, 'equals-ignore-case match pattern must be a string'],
  [{ a: [{ wildcard: 5 }] }, 'wildcard match pattern must be a string'],
  [{ a: [{ wildcard: 'a**b' }] }, 'Consecutive wildcard characters at pos 2'],
  [{ a: [{ wildcard: 'a\\b' }] }, 'Invalid escape character at pos 2'],
  [{ a: [{ exists: 'no' }] }, 'exists match pattern must be either true or false.'],
  [{ a: [{ cidr: ['x'] }] }, 'prefix match pattern must be a string'],
  [{ a: [{ cidr: 'bad' }] }, "Malformed CIDR, one '/' required"],
  [{ a: [{ cidr: '10.0.0.0/x' }] }, 'Malformed CIDR, mask bits must be an integer'],
  [{ a: [{ cidr: '10.0.0.0/-1' }] }, 'Malformed CIDR, mask bits must not be negative'],
  [{ a: [{ cidr: '10.0.0.0/32' }] }, 'IPv4 mask bits must be < 32'],
  [{ a: [{ cidr: '::/128' }] }, 'IPv6 mask bits must be < 128'],
  [{ a: [{ cidr: 'xx.11.xx/8' }] }, 'Nonstandard IP address: xx.11.xx'],
  [{ a: [{ numeric: 10 }] }, 'Value of numeric must be an array.'],
  [{ a: [{ numeric: [] }] }, 'Invalid member in numeric match: ]'],
  [{ a: [{ numeric: [1, '<='] }] }, 'Invalid member in numeric match: 1'],
  [{ a: [{ numeric: ['!', 5] }] }, 'Unrecognized numeric range operator: !'],
  [{ a: [{ numeric: ['=', '0'] }] }, 'Value of equals must be numeric'],
  [{ a: [{ numeric: ['>='] }] }, 'Value of >= must be numeric'],
  [{ a: [{ numeric: ['<', 9, '>', 1] }] }, 'Too many elements in numeric expression'],
  [{ a: [{ numeric: ['>', 0, '>', 0] }] }, 'Bad numeric range operator: >'],
  [{ a: [{ numeric: ['>', 0, 30] }] }, 'Bad value in numeric range: 30'],
  [{ a: [{ numeric: ['>', 0, '<'] }] }, 'Value of < must be numeric'],
  [{ a: [{ numeric: ['>', 3, '<', 1] }] }, 'Bottom must be less than top'],
  [{ a: [{ numeric: ['>', 1, '<', 3, '<', 5] }] }, 'Too many terms in numeric range expression'],
  [
    { a: [{ 'anything-but': null }] },
    'Value of anything-but must be an array or single string/number value.',
  ],
  [
    { a: [{ 'anything-but': ['x', null] }] },
    'Inside anything but list, start|null|boolean is not supported.',
  ],
  [
    { a: [{ 'anything-but': ['x', 1] }] },
    'Inside anything but list, either all values are number or string, mixed type is not supported',
  ],
  [{ a: [{ 'anything-but': { exists: false } }] }, 'Unsupported anything-but pattern: exists'],
  [{ a: [{ 'anything-but': { prefix: '' } }] }, 'Null prefix/suffix not allowed'],
  [{ a: [{ 'anything-but': { suffix: [1] } }] }, 'prefix/suffix match pattern must be a string'],
  [
    { a: [{ 'anything-but': { prefix: { 'equals-ignore-case': 'x' } } }] },
    'Value of anything-but must be an array or single string/number value.',
  ],
  [{ $or: { a: [1] } }, 'It must be an Array followed with $or.'],
  [{ $or: [{ a: [1] }] }, 'There must have at least 2 Objects in $or relationship.'],
  [{ $or: [{ a: [1] }, 5] }, 'Only JSON object is allowed in array of $or relationship.'],
  [
    { $or: [{ numeric: [1] }, { a: [1] }] },
    'numeric is Ruler reserved fieldName which cannot be used inside $or.',
  ],
]

describe('A pattern is refused', () => {
  for (const [pattern, reason] of REFUSED) {
    test(JSON.stringify(pattern), () => {
      assert.throws(() => compilePattern(pattern), { name: 'PatternError', message: reason })
    })
  }

  test('that is no JSON', () => {
    assert.throws(() => parsePattern("{'a': 1}"), PatternError)
  })

  test('whose alternatives multiply beyond what AWS takes', () => {
    const alternatives = { $or: Array.from({ length: 11 }, (_, at) => ({ [`f${at}`]: [1] })) }
    const pattern = { a: alternatives, b: alternatives, c: alternatives }
    assert.throws(() => compilePattern(pattern), /more than 1000 combinations/)
  })
})

describe('A large event', () => {
  test('of long lists is matched all the same', { timeout: 60_000 }, () => {
    const list = Array.from({ length: 10_000 }, (_, at) => (at % 2 === 0 ? { a: 1 } : { b: 2 }))
    assert.equal(matches({ l: { a: [1], b: [2] } }, { l: list }), false)
    assert.equal(matches({ l: { a: [1], b: [2] } }, { l: [...list, { a: 1, b: 2 }] }), true)
    assert.equal(matches({ k: { a: [1] }, l: { a: [1], b: [2] } }, { k: list, l: list }), false)
  })

  test('of lists in lists beyond all depth has no values there', () => {
    let deep: unknown = 'x'
    for (let depth = 0; depth < 200_000; depth++) deep = [deep]
    assert.equal(matches({ a: ['x'] }, { a: deep }), false)
  })
})

/** Few names and few values, so that what is wanted is often there, and often in another element. */
const NAMES = fc.constantFrom('a', 'b')
const LEAF = fc.constantFrom<unknown>('x', 'x', 'xy', 'y', 1, 2, null)

const TEST = fc.constantFrom<unknown>(
  'x',
  'y',
  1,
  { prefix: 'x' },
  { 'anything-but': 'x' },
  { numeric: ['>', 1] },
  { exists: true },
  { exists: false },
)

const CONDITION = fc.uniqueArray(TEST, { minLength: 1, maxLength: 2 })

function fieldsOf(value: fc.Arbitrary<unknown>): fc.Arbitrary<Record<string, unknown>> {
  return fc.dictionary(NAMES, value, { minKeys: 1, maxKeys: 2, noNullPrototype: true })
}

/** Two levels of fields, at each of which there may be alternatives. */
const PATTERN = withOr(fieldsOf(fc.oneof(CONDITION, withOr(fieldsOf(CONDITION)))))

function withOr(fields: fc.Arbitrary<Record<string, unknown>>): fc.Arbitrary<object> {
  const alternatives = fc.tuple(fieldsOf(CONDITION), fieldsOf(CONDITION))
  return fc
    .tuple(
      fields,
      fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: alternatives }),
    )
    .map(([object, or]) => (or === null ? object : { ...object, $or: or }))
}

const INNER = fieldsOf(fc.oneof(LEAF, fc.array(LEAF, { maxLength: 2 })))
const LISTED = fc.array(
  fc.oneof(
    LEAF,
    INNER,
    INNER,
    fieldsOf(fc.array(INNER, { maxLength: 2 })),
    fc.array(INNER, { maxLength: 2 }),
  ),
  { maxLength: 3, size: 'max' },
)
const EVENT = fieldsOf(fc.oneof(LEAF, INNER, LISTED, LISTED, LISTED))
