import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load, tryLoad } from './project.ts'

for (const [what, text, message] of [
  [
    'a key one column too far left',
    'service: x\nprovider:\n  name: aws\n runtime: nodejs22.x\n',
    '4:1  wrong indentation: expected this line to start in the same column as the keys beside it',
  ],
  [
    'a key one column too far right',
    'service: x\nfunctions:\n  a:\n    handler: h.handler\n     timeout: 3\n',
    '4:14  wrong indentation: the line after this one is indented further than its neighbours',
  ],
  [
    'a tab',
    'service: x\nprovider:\n\tname: aws\n',
    '3:1  wrong indentation: expected spaces, got a tab, which YAML does not allow here',
  ],
  [
    'two values in one line',
    'service: a: b\n',
    '1:10  expected one "key: value" in this line, got a second ": "; put the text in quotes',
  ],
  ['an open quote', 'service: "x\n', '2:1  not valid YAML: missing closing "quote'],
  ['no map', '- service\n', '1:1  expected a manifest with "service", "provider" and "functions"'],
  ['nothing', '', '1:1  expected a manifest with "service", "provider" and "functions"'],
  [
    'no service',
    'provider: aws\n',
    '1:1  expected "service" with the name of the service, got: nothing',
  ],
  [
    'a cloud that is not AWS',
    'service: s\nprovider: google\n',
    '2:11  expected the provider to be aws, got: "google"',
  ],
] as const) {
  test(`${what} is one sentence with its place`, async () => {
    assert.deepEqual((await tryLoad({ 'serverless.yml': text })).errors, [
      `serverless.yml:${message}`,
    ])
  })
}

test('a key that is written twice counts the second time, with a note', async () => {
  const manifest = 'service: s\nservice: t\nfunctions: { a: { handler: h.handler } }\n'
  const { app, notes } = await tryLoad({ 'serverless.yml': manifest })
  assert.equal(app?.functions[0]?.name, 't-dev-a')
  assert.deepEqual(notes, [
    'serverless.yml:2:1  "service" is written twice (first in line 1); the last one counts',
  ])
})

test('anchors, aliases and merge keys work, and an own key wins over a merged one', async () => {
  const manifest = `service: s
custom:
  base: &base { handler: h.handler, timeout: 3 }
  more: &more { timeout: 4, memorySize: 256 }
functions:
  a: { <<: *base, timeout: 9 }
  b: { <<: [*base, *more] }
`
  const [a, b] = (await load({ 'serverless.yml': manifest })).functions
  assert.equal(a?.timeoutMs, 9000)
  assert.deepEqual([b?.timeoutMs, b?.memoryMb], [3000, 256])
})

test('an alias inside its own anchor ends', async () => {
  const manifest =
    'service: s\ncustom: &c { again: *c }\nfunctions: { a: { handler: h.handler, description: "${self:custom.again.again}" } }\n'
  const { notes } = await tryLoad({ 'serverless.yml': manifest })
  assert.match(notes[0] ?? '', /it refers to itself$/)
})

test('yes, on and 08 are texts, as in YAML 1.2', async () => {
  const manifest =
    'service: s\nfunctions: { a: { handler: h.handler, environment: { A: yes, B: on, C: 0o10, D: 1.50 } } }\n'
  const [fn] = (await load({ 'serverless.yml': manifest })).functions
  assert.deepEqual(fn?.environment, { A: 'yes', B: 'on', C: '8', D: '1.5' })
})

test('a file nested thousands of levels deep is one sentence too', async () => {
  const { errors } = await tryLoad({ 'serverless.yml': `service: ${'['.repeat(20_000)}` })
  assert.equal(errors.length, 1)
  assert.match(errors[0] ?? '', /expected a manifest, got one nested too deep to read$/)
})
