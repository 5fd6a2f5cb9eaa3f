import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Authorizer } from '../../src/model/authorizer.ts'
import { load, tryLoad } from './project.ts'

/** Function `a` with one event, beside a function that may be asked. */
const manifestOf = (event: string, provider = ''): string => `service: s
provider:
  name: aws
${provider.replace(/^(?=.)/gm, '  ')}
functions:
  my-auth:
    handler: h.handler
  a:
    handler: h.handler
    events:
      - ${event}
`

const authorizerOf = async (event: string, provider?: string): Promise<Authorizer | undefined> => {
  const app = await load({ 'serverless.yml': manifestOf(event, provider) })
  return app.apis[0]?.routes[0]?.authorizer
}

const errorsOf = async (event: string, provider?: string): Promise<readonly string[]> =>
  (await tryLoad({ 'serverless.yml': manifestOf(event, provider) })).errors

const rest = (authorizer: string): string =>
  `http: { path: x, method: get, authorizer: ${authorizer} }`
const http = (authorizer: string): string =>
  `httpApi: { path: /x, method: get, authorizer: ${authorizer} }`

const TOKEN = {
  kind: 'lambda',
  name: 'my-auth',
  functionName: 's-dev-my-auth',
  form: 'token',
  payload: '1.0',
  simpleResponses: false,
  identitySources: ['method.request.header.Authorization'],
  ttlMs: 300_000,
}
const POOL = {
  kind: 'jwt',
  name: 'pool',
  issuer: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC',
  audiences: [],
  identitySource: 'method.request.header.Authorization',
  scopes: [],
}
const POOL_ARN = 'arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_AbC'

describe('The authorizer of an http event', () => {
  for (const [written, expected] of [
    ['my-auth', TOKEN],
    ['{ name: my-auth }', TOKEN],
    ['{ name: my-auth, type: token, resultTtlInSeconds: 0 }', { ...TOKEN, ttlMs: 0 }],
    [
      '{ name: my-auth, identitySource: method.request.header.X-Key, identityValidationExpression: "^k.*" }',
      { ...TOKEN, identitySources: ['method.request.header.X-Key'], identityValidation: '^k.*' },
    ],
    ['{ name: my-auth, type: request }', { ...TOKEN, form: 'request' }],
    [
      '{ name: my-auth, type: REQUEST, resultTtlInSeconds: 0 }',
      { ...TOKEN, form: 'request', identitySources: [], ttlMs: 0 },
    ],
    [
      '{ name: my-auth, type: request, identitySource: "method.request.header.A, method.request.querystring.b,context.path" }',
      {
        ...TOKEN,
        form: 'request',
        identitySources: [
          'method.request.header.A',
          'method.request.querystring.b',
          'context.path',
        ],
      },
    ],
    [
      'arn:aws:lambda:us-east-1:123456789012:function:s-dev-my-auth',
      { ...TOKEN, name: 's-dev-my-auth' },
    ],
    [
      '{ name: mine, arn: "arn:aws:lambda:us-east-1:123456789012:function:s-dev-my-auth:live", managedExternally: false }',
      { ...TOKEN, name: 'mine' },
    ],
    ['{ name: mine, arn: !GetAtt MyDashauthLambdaFunction.Arn }', { ...TOKEN, name: 'mine' }],
    [
      '{ name: mine, arn: { Fn::GetAtt: [MyDashauthLambdaFunction, Arn] } }',
      { ...TOKEN, name: 'mine' },
    ],
    ['aws_iam', { kind: 'iam' }],
    ['AWS_IAM', { kind: 'iam' }],
    ['{ type: aws_iam }', { kind: 'iam' }],
    [POOL_ARN, { ...POOL, name: POOL.issuer }],
    [`{ name: pool, type: COGNITO_USER_POOLS, arn: "${POOL_ARN}" }`, POOL],
    [
      `{ name: pool, arn: "${POOL_ARN}", scopes: [a/b, c], identitySource: method.request.header.X }`,
      { ...POOL, scopes: ['a/b', 'c'], identitySource: 'method.request.header.X' },
    ],
    ['false', undefined],
  ] as const) {
    test(`${written} is read`, async () => {
      assert.deepEqual(await authorizerOf(rest(written)), expected)
    })
  }

  for (const [written, error] of [
    [
      'my-outh',
      '11:39  a: its authorizer names the function "my-outh", which is not in this manifest, did you mean "my-auth"?',
    ],
    [
      '{ name: other }',
      '11:39  a: its authorizer names the function "other", which is not in this manifest',
    ],
    ['true', '11:39  a: its authorizer names the function "true", which is not in this manifest'],
    [
      '""',
      '11:39  a: its authorizer names the function "", which is not in this manifest, did you mean "a"?',
    ],
    ['{}', '11:39  expected a: the authorizer to have a name or an arn, got: a map'],
    [
      '[my-auth]',
      '11:39  expected a: the ARN of its authorizer to be of a function of this application, such as arn:aws:lambda:us-east-1:123456789012:function:auth, got: a list',
    ],
    [
      '{ name: my-auth, authorizerId: abc }',
      '11:68  a: "authorizerId" of an authorizer is not supported',
    ],
    [
      '{ name: my-auth, resultTTLInSeconds: 0 }',
      '11:68  a: "resultTTLInSeconds" of an authorizer is not supported, did you mean "resultTtlInSeconds"?',
    ],
    [
      '{ name: my-auth, type: jwt }',
      '11:74  expected the type of the authorizer to be one of TOKEN, REQUEST, COGNITO_USER_POOLS, AWS_IAM, got: "jwt"',
    ],
    [
      '{ name: my-auth, resultTtlInSeconds: 3601 }',
      '11:88  expected resultTtlInSeconds to be a whole number of seconds from 0 to 3600, got: 3601',
    ],
    [
      '{ name: my-auth, identityValidationExpression: "(" }',
      '11:98  expected identityValidationExpression to be a regular expression, got: "("',
    ],
    [
      '{ name: my-auth, identitySource: "method.request.querystring.q" }',
      '11:84  expected identitySource of a TOKEN authorizer to be one header, got: "method.request.querystring.q"',
    ],
    [
      '{ name: my-auth, type: request, identitySource: "request.header.x" }',
      '11:99  expected identitySource to be "method.request.header.NAME", or the same of querystring, "stageVariables.NAME" or "context.NAME", got: "request.header.x"',
    ],
    [
      '{ name: my-auth, type: request, identitySource: "context.authorizer.x" }',
      '11:99  expected identitySource to be "method.request.header.NAME", or the same of querystring, "stageVariables.NAME" or "context.NAME", got: "context.authorizer.x"',
    ],
    [
      '{ name: my-auth, scopes: [a] }',
      '11:68  a: "scopes" is not supported here, only for an authorizer of a user pool',
    ],
    [
      'arn:aws:lambda:us-east-1:123456789012:function:elsewhere',
      '11:9  the authorizer of GET /x is the function "elsewhere", which is in no manifest here',
    ],
    [
      '{ name: pool, type: COGNITO_USER_POOLS }',
      '11:39  expected a: the authorizer to have the arn of its user pool, got: a map',
    ],
    [
      '{ name: pool, type: COGNITO_USER_POOLS, arn: !GetAtt Pool.Arn }',
      '11:96  expected a: the ARN of its user pool, written out (arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abc), got: ${Pool.Arn}, and Pool.Arn exists only on AWS',
    ],
    [
      '{ name: x, arn: !GetAtt OtherLambdaFunction.Arn }',
      '11:67  expected a: the ARN of its authorizer to be of a function of this application, such as arn:aws:lambda:us-east-1:123456789012:function:auth, got: ${OtherLambdaFunction.Arn}, and OtherLambdaFunction.Arn exists only on AWS',
    ],
    [
      '${env:AUTH}',
      '11:39  expected a: the ARN of its authorizer to be of a function of this application, such as arn:aws:lambda:us-east-1:123456789012:function:auth, got: ${env:AUTH}, and AUTH is not set in the environment',
    ],
    [
      `{ arn: "${POOL_ARN}", name: p, claims: [email] }`,
      '11:136  a: "claims" of an authorizer is not supported',
    ],
  ] as const) {
    test(`${written} stops the start`, async () => {
      const written2 = written.includes('${') ? `"${written}"` : written
      assert.deepEqual(await errorsOf(rest(written2)), [`serverless.yml:${error}`])
    })
  }

  test('names a function of another service by its ARN', async () => {
    const other = `service: t\nprovider: { name: aws }\nfunctions:\n  auth: { handler: h.handler }\n`
    const arn = 'arn:aws:lambda:us-east-1:123456789012:function:t-dev-auth'
    const files = {
      'one/serverless.yml': manifestOf(rest(arn)),
      'two/serverless.yml': other,
      'one/h.js': '',
      'two/h.js': '',
    }
    const app = await load(files, { paths: ['one', 'two'] })
    const authorizer = app.apis[0]?.routes[0]?.authorizer
    assert.equal(authorizer?.kind === 'lambda' && authorizer.functionName, 't-dev-auth')
  })
})

const JWT = {
  kind: 'jwt',
  name: 'tokens',
  issuer: 'https://issuer.test/',
  audiences: ['app'],
  identitySource: '$request.header.Authorization',
  scopes: [],
}
const REQUEST = {
  ...TOKEN,
  name: 'asks',
  form: 'request',
  payload: '2.0',
  identitySources: [],
  ttlMs: 0,
}
const withAuthorizers = (lines: string): string => `httpApi:\n  authorizers:\n    ${lines}`
const TOKENS =
  'tokens: { type: jwt, issuerUrl: "https://issuer.test/", audience: app, identitySource: $request.header.Authorization }'

describe('The authorizer of an httpApi event', () => {
  for (const [written, definition, expected] of [
    ['tokens', TOKENS, JWT],
    ['{ name: tokens, scopes: [a, b] }', TOKENS, { ...JWT, scopes: ['a', 'b'] }],
    [
      'tokens',
      'tokens: { issuerUrl: "https://issuer.test/", audience: [app, web] }',
      { ...JWT, audiences: ['app', 'web'] },
    ],
    [
      'tokens',
      'tokens: { issuerUrl: "http://localhost:9/", audience: app }',
      { ...JWT, issuer: 'http://localhost:9/' },
    ],
    ['asks', 'asks: { type: request, functionName: my-auth }', REQUEST],
    [
      '{ name: asks, type: request }',
      'asks: { type: request, functionName: my-auth, payloadVersion: "1.0" }',
      { ...REQUEST, payload: '1.0' },
    ],
    [
      'asks',
      'asks: { type: request, functionArn: !GetAtt MyDashauthLambdaFunction.Arn, enableSimpleResponses: true, identitySource: [$request.header.A, $context.routeKey] }',
      {
        ...REQUEST,
        simpleResponses: true,
        identitySources: ['$request.header.A', '$context.routeKey'],
        ttlMs: 300_000,
      },
    ],
    [
      'asks',
      'asks: { type: request, functionName: my-auth, resultTtlInSeconds: 60, identitySource: $request.querystring.k }',
      { ...REQUEST, identitySources: ['$request.querystring.k'], ttlMs: 60_000 },
    ],
    ['{ type: aws_iam }', TOKENS, { kind: 'iam' }],
    ['false', TOKENS, undefined],
  ] as const) {
    test(`${written} of ${definition} is read`, async () => {
      assert.deepEqual(await authorizerOf(http(written), withAuthorizers(definition)), expected)
    })
  }

  for (const [written, definition, error] of [
    [
      'token',
      TOKENS,
      '13:43  a: there is no authorizer "token" in provider.httpApi.authorizers, did you mean "tokens"?',
    ],
    [
      'aws_iam',
      TOKENS,
      '13:43  a: there is no authorizer "aws_iam" in provider.httpApi.authorizers; write { type: aws_iam }',
    ],
    [
      '{ id: abc }',
      TOKENS,
      '13:57  a: "id" of an authorizer is not supported|13:43  expected a: the authorizer to have a name, got: a map',
    ],
    [
      '{ name: asks, scopes: [a] }',
      'asks: { type: request, functionName: my-auth }',
      '13:77  expected a: scopes only with an authorizer of type jwt, got: a list',
    ],
    [
      'tokens',
      'tokens: { type: cognito, issuerUrl: "https://x.test", audience: app }',
      '6:23  expected the type of the authorizer tokens to be one of jwt, request, got: "cognito"',
    ],
    [
      'tokens',
      'tokens: { type: jwt, audience: app }',
      '6:15  expected the authorizer tokens to have an issuerUrl, got: a map',
    ],
    [
      'tokens',
      'tokens: { type: jwt, issuerUrl: "http://issuer.test", audience: app }',
      '6:39  expected the issuerUrl of the authorizer tokens to be a URL with https:, got: "http://issuer.test"',
    ],
    [
      'tokens',
      'tokens: { type: jwt, issuerUrl: !Ref Pool, audience: app }',
      '6:39  expected the issuerUrl of the authorizer tokens to be a text, got: ${Pool}, and Pool exists only on AWS',
    ],
    [
      'tokens',
      'tokens: { type: jwt, issuerUrl: "https://x.test" }',
      '6:15  expected the authorizer tokens to have an audience, got: a map',
    ],
    [
      'tokens',
      'tokens: { type: jwt, issuerUrl: "https://x.test", audience: [] }',
      '6:67  expected the authorizer tokens to have an audience, got: a list',
    ],
    [
      'asks',
      'asks: { type: request }',
      '6:13  expected the authorizer asks to have either a functionName or a functionArn, got: a map',
    ],
    [
      'asks',
      'asks: { type: request, functionName: nobody }',
      '6:44  the authorizer asks: its authorizer names the function "nobody", which is not in this manifest',
    ],
    [
      'asks',
      'asks: { type: request, functionName: my-auth, resultTtlInSeconds: 60 }',
      '6:73  expected the authorizer asks to have an identitySource that answers are kept by, got: 60',
    ],
    [
      'asks',
      'asks: { type: request, functionName: my-auth, enableSimpleResponses: true, payloadVersion: "1.0" }',
      '6:76  expected enableSimpleResponses only with payloadVersion "2.0", got: true',
    ],
    [
      'asks',
      'asks: { type: request, functionName: my-auth, identitySource: method.request.header.A }',
      '6:69  expected identitySource to be "$request.header.NAME", or the same of querystring, "$stageVariables.NAME" or "$context.NAME", got: "method.request.header.A"',
    ],
    [
      'asks',
      'asks: { type: request, functionName: my-auth, issuerUrl: "https://x.test" }',
      '6:53  the authorizer asks: "issuerUrl" of an authorizer is not supported',
    ],
  ] as const) {
    test(`${written} of ${definition} stops the start`, async () => {
      const found = await errorsOf(http(written), withAuthorizers(definition))
      assert.deepEqual(
        found,
        error.split('|').map((each) => `serverless.yml:${each}`),
      )
    })
  }
})

describe('What keeps requests out on AWS and is not enforced here stops the start', () => {
  for (const [provider, error] of [
    [
      'apiGateway:\n  resourcePolicy:\n    - Effect: Allow',
      '6:7  the resource policy of the API is not supported, and an API is never served without it',
    ],
    [
      'apiGateway:\n  apiKeySourceType: AUTHORIZER',
      '5:23  API keys are read from the header x-api-key; apiKeySourceType "AUTHORIZER" is not supported',
    ],
  ] as const) {
    test(provider, async () => {
      assert.deepEqual(await errorsOf('http: GET /x', provider), [`serverless.yml:${error}`])
    })
  }
})
