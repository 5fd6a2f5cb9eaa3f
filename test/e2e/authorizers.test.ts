import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { startCli } from '../support/cli.ts'
import { makeFolder } from '../support/service.ts'

/** The SDK that this repository has: on Lambda the runtime brings one. */
const SDK = import.meta.resolve('@aws-sdk/client-lambda')
const KEY = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a/secret+of=length' }

const FILES = {
  'serverless.yml': `
service: guarded
provider:
  name: aws
  runtime: nodejs24.x
  timeout: 20
  httpApi:
    cors: { allowedOrigins: ['https://app.test'] }
    authorizers:
      asks: { type: request, functionName: auth, enableSimpleResponses: true, identitySource: $request.header.X-Key, resultTtlInSeconds: 60 }
functions:
  auth: { handler: handlers.auth }
  who:
    handler: handlers.who
    events:
      - httpApi: { path: /who, method: get, authorizer: asks }
      - http: { path: rest, method: get, authorizer: { name: restAuth }, cors: true }
      - http: { path: valid, method: post, request: { schemas: { application/json: { type: object, required: [id] } } } }
      - http: { path: signed, method: get, authorizer: aws_iam }
  restAuth: { handler: handlers.restAuth }
  outer: { handler: handlers.outer, events: [{ httpApi: GET /outer }] }
`,
  'handlers.mjs': `
import { InvokeCommand, LambdaClient } from '${SDK}'
let asked = 0
export const auth = async ({ identitySource: [key] }) =>
  ({ isAuthorized: key !== 'wrong', context: { key, asked: ++asked } })
export const restAuth = async ({ authorizationToken, methodArn }) => {
  if (authorizationToken === 'none') throw new Error('Unauthorized')
  const Effect = authorizationToken === 'yes' ? 'Allow' : 'Deny'
  const Statement = [{ Effect, Action: 'execute-api:Invoke', Resource: methodArn }]
  return { principalId: 'ada', policyDocument: { Version: '2012-10-17', Statement } }
}
export const who = async ({ requestContext: { authorizer } }) =>
  ({ statusCode: 200, body: JSON.stringify(authorizer ?? null) })
export const outer = async () => {
  const client = new LambdaClient({ maxAttempts: 1 })
  const { StatusCode } = await client.send(new InvokeCommand({ FunctionName: 'guarded-dev-auth', Payload: '{"identitySource":["x"]}' }))
  return String(StatusCode)
}
`,
}

describe('A service with guarded routes', () => {
  test('is served as its manifest says', async (t) => {
    const { api } = await startCli(t, ['dev', makeFolder(FILES)])
    const get = async (
      path: string,
      headers: Record<string, string> = {},
      init: RequestInit = {},
    ) => {
      const answer = await fetch(`${api}${path}`, { headers, ...init })
      return [answer.status, await answer.text()]
    }
    assert.deepEqual(await get('/who'), [401, '{"message":"Unauthorized"}'])
    assert.deepEqual(await get('/who', { 'x-key': 'wrong' }), [403, '{"message":"Forbidden"}'])
    const [status, told] = await get('/who', { 'x-key': 'k' })
    assert.deepEqual([status, told], await get('/who', { 'x-key': 'k' }), 'kept')
    assert.equal(JSON.parse(String(told)).lambda.key, 'k')
    assert.equal((await get('/dev/rest', { authorization: 'none' }))[0], 401)
    assert.equal((await get('/dev/rest', { authorization: 'no' }))[0], 403)
    const [, rest] = await get('/dev/rest', { authorization: 'yes' })
    assert.equal(JSON.parse(String(rest)).principalId, 'ada')
    assert.deepEqual(await get('/dev/rest', {}, { method: 'OPTIONS' }), [200, ''])
    assert.deepEqual(
      await get(
        '/dev/valid',
        {},
        { method: 'POST', body: '{"id":1}', headers: { 'content-type': 'application/json' } },
      ),
      [200, 'null'],
    )
    assert.deepEqual(
      await get(
        '/dev/valid',
        {},
        { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } },
      ),
      [400, '{"message":"Invalid request body"}'],
    )
    assert.deepEqual(await get('/dev/signed'), [403, '{"message":"Missing Authentication Token"}'])
    assert.deepEqual(await get('/outer'), [200, '200'])
  })
})

describe('With SPILLWAY_AWS_KEYS', () => {
  const env = { SPILLWAY_AWS_KEYS: `${KEY.accessKeyId}:${KEY.secretAccessKey}` }

  test('the AWS endpoint asks for signatures, and functions still reach it', async (t) => {
    const { api, aws } = await startCli(t, ['dev', makeFolder(FILES), '--aws-host', '0.0.0.0'], {
      env,
    })
    const endpoint = aws.replace('0.0.0.0', '127.0.0.1')
    const invoke = async (credentials: typeof KEY): Promise<number | undefined> => {
      const client = new LambdaClient({
        endpoint,
        region: 'us-east-1',
        credentials,
        maxAttempts: 1,
      })
      const command = new InvokeCommand({
        FunctionName: 'guarded-dev-auth',
        Payload: '{"identitySource":["x"]}',
      })
      return await client
        .send(command)
        .then(({ StatusCode }) => StatusCode)
        .finally(() => client.destroy())
    }
    assert.equal(await invoke(KEY), 200)
    await assert.rejects(invoke({ ...KEY, secretAccessKey: 'guessed!' }), {
      name: 'InvalidSignatureException',
    })
    await assert.rejects(invoke({ accessKeyId: 'spillway', secretAccessKey: 'spillway' }), {
      name: 'UnrecognizedClientException',
    })
    const answer = await fetch(`${api}/outer`)
    assert.equal(await answer.text(), '200')
  })

  test('the AWS endpoint and signed routes let boto3 in', async (t) => {
    const python = promisify(execFile)
    const has = await python('python3', ['-c', 'import boto3']).then(
      () => true,
      () => false,
    )
    if (!has) return t.skip('!! SKIPPED: needs boto3')
    const { api, aws } = await startCli(t, ['dev', makeFolder(FILES)], { env })
    const script = `
import sys, boto3, urllib.request, urllib.error
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
api, aws = sys.argv[1:]
session = boto3.Session('${KEY.accessKeyId}', '${KEY.secretAccessKey}', region_name='us-east-1')
client = session.client('lambda', endpoint_url=aws)
arn = 'arn:aws:lambda:us-east-1:123456789012:function:guarded-dev-auth'
print(client.invoke(FunctionName=arn, Payload='{"identitySource":["x"]}')['StatusCode'])
request = AWSRequest('GET', api + '/dev/signed?b=2&a=1%20x')
SigV4Auth(session.get_credentials(), 'execute-api', 'us-east-1').add_auth(request)
print(urllib.request.urlopen(urllib.request.Request(request.url, headers=dict(request.headers))).status)
`
    const { stdout } = await python('python3', ['-c', script, api, aws])
    assert.deepEqual(stdout.trim().split('\n'), ['200', '200'])
  })
})
