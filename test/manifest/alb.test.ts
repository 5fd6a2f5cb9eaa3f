import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load, oneFunction, tryLoad } from './project.ts'

const ARN = 'arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/lb/50dc6c495c0c9188'

const manifestOf = (event: string): string =>
  oneFunction({ fn: `events:\n- alb: { listenerArn: "${ARN}/f2", ${event} }` })

test('an alb event is a rule of its listener, one value or several of each condition', async () => {
  const event = `priority: 7, multiValueHeaders: true, conditions: {
    path: "/a&amp;b*", host: [a.example, "*.b.example"], method: [POST, PATCH],
    header: [{ name: X-A, values: [b] }, { name: X-B, values: ["c*", d] }],
    query: { bar: true, baz: x }, ip: [fe80::/6, 192.168.0.1/0] }`
  const { apis } = await load({ 'serverless.yml': manifestOf(event) })
  const [api] = apis
  const [route] = api?.routes ?? []
  assert.deepEqual([api?.front, api?.multiValueHeaders, api?.stage], ['alb', true, '$default'])
  assert.match(api?.id ?? '', /^[a-z0-9]{10}$/)
  assert.deepEqual(
    [route?.method, route?.path, route?.functionName, route?.timeoutMs],
    ['POST|PATCH', '/a&b*', 's-dev-a', 66_000],
  )
  assert.deepEqual(route?.rule, {
    listener: `${ARN}/f2`,
    priority: 7,
    hosts: ['a.example', '*.b.example'],
    paths: ['/a&b*'],
    methods: ['POST', 'PATCH'],
    sourceIps: ['fe80::/6', '192.168.0.1/0'],
    headers: [
      { name: 'X-A', values: ['b'] },
      { name: 'X-B', values: ['c*', 'd'] },
    ],
    queries: [
      [
        { key: 'bar', value: 'true' },
        { key: 'baz', value: 'x' },
      ],
    ],
  })
})

test('a function has a target group for each of its listeners, and for lists of values', async () => {
  const alb = (more: string): string => `- alb: { listenerArn: ${more} }`
  const fn = `events:
${alb('{ Ref: A }, priority: 1, conditions: { path: /a }')}
${alb('{ Ref: A }, priority: 2, conditions: { path: /b }')}
${alb('{ Ref: B }, priority: 1, conditions: { path: /a }')}
${alb('{ Ref: B }, priority: 3, conditions: { path: /c }, multiValueHeaders: true')}`
  const { app, errors } = await tryLoad({ 'serverless.yml': oneFunction({ fn }) })
  assert.deepEqual(errors, [])
  assert.deepEqual(
    app?.apis.map(({ routes }) => routes.map(({ path }) => path)),
    [['/a', '/b'], ['/a'], ['/c']],
  )
  assert.equal(new Set(app?.apis.map(({ id }) => id)).size, 3)
})

for (const [event, message] of [
  ['priority: 1', /expected the alb event to have conditions such as path, got: a map/],
  ['priority: 1, conditions: {}', /expected the alb event to have conditions such as path/],
  ['conditions: { path: /a }', /expected the alb event to have a priority, got: nothing/],
  ['priority: 0, conditions: { path: /a }', /the priority to be a whole number from 1 to 50000/],
  ['priority: 1, conditions: { paht: /a }', /unknown key "paht", did you mean "path"\?/],
  ['priority: 1, conditions: { path: /a }, prio: 2', /alb: unknown key "prio"/],
  ['priority: 1, conditions: { ip: 10.0.0.1 }', /a CIDR block such as 10\.0\.0\.0\/8, got: "10/],
  ['priority: 1, conditions: { ip: 10.0.0.1/33 }', /a CIDR block/],
  ['priority: 1, conditions: { header: { name: a } }', /header to have a name and values/],
  ['priority: 1, conditions: { path: /a }, authorizer: x', /no load balancer logs users in here/],
] as const) {
  test(`alb: { ${event} } stops the start`, async () => {
    const { errors } = await tryLoad({ 'serverless.yml': manifestOf(event) })
    assert.equal(errors.length, 1, errors.join('\n'))
    assert.match(errors[0] ?? '', message)
  })
}

const twoFunctions = (one: string, other: string): string => `service: s
functions:
  a: { handler: h.handler, events: [${one}] }
  b: { handler: h.handler, events: [${other}] }
`
const rule = (priority: number, path: string, listener = 'L'): string =>
  `{ alb: { listenerArn: { Ref: ${listener} }, priority: ${priority}, conditions: { path: "${path}" } } }`

for (const [one, other, message] of [
  [rule(1, '/a'), rule(1, '/b'), 'priority 1 of the listener is claimed twice'],
  [rule(1, '/a'), rule(2, '/a'), 'ANY /a is claimed twice'],
  [rule(1, '/a'), rule(1, '/a', 'M'), 'ANY /a is claimed twice'],
  ['{ httpApi: "*" }', rule(1, '*'), 'ANY * is claimed twice'],
] as const) {
  test(`${one} and ${other} are an error that names both`, async () => {
    const { errors } = await tryLoad({ 'serverless.yml': twoFunctions(one, other) })
    assert.equal(errors.length, 1, errors.join('\n'))
    assert.ok(
      errors[0]?.includes(`${message}: here by s-dev-b, and by s-dev-a at serverless.yml:3:`),
    )
  })
}

test('rules that differ in one condition, or stand beside explicit routes, are no conflict', async () => {
  for (const [one, other] of [
    [rule(1, '/a'), rule(2, '/b')],
    [rule(1, '/*'), '{ httpApi: GET /a }'],
    [rule(1, '/a'), '{ httpApi: "*" }'],
    [rule(9, '/*'), rule(1, '/a')],
  ] as const) {
    const { errors } = await tryLoad({ 'serverless.yml': twoFunctions(one, other) })
    assert.deepEqual(errors, [])
  }
})
