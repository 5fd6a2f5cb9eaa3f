import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import {
  DeleteFunctionConcurrencyCommand,
  GetAccountSettingsCommand,
  GetFunctionCommand,
  GetFunctionConcurrencyCommand,
  InvokeCommand,
  LambdaClient,
  ListFunctionsCommand,
  PutFunctionConcurrencyCommand,
  ResourceNotFoundException,
  TooManyRequestsException,
} from '@aws-sdk/client-lambda'
import { createSpillway, loadApp, type LogLine, type Spillway } from '../../src/index.ts'

/** A service as its users write it; `etl` and `report` share one slot and do not wait for it. */
const FILES = {
  'serverless.yml': `
service: shop
provider: { name: aws, runtime: nodejs24.x }
functions:
  hello: { handler: handlers.hello, description: Says hello, tags: { team: web } }
  broken: { handler: handlers.broken }
  etl: { handler: handlers.untilTold, timeout: 60 }
  report: { handler: handlers.hello }
`,
  'spillway.yml': `
groups: { nightly: { maxConcurrency: 1, maxWait: 0 } }
functions:
  hello: { maxWait: 0 }
  etl: { group: nightly }
  report: { group: nightly }
`,
  'handlers.mjs': `
import { existsSync } from 'node:fs'
export const hello = async (event, context) => {
  console.log('hello', event.name)
  return { hello: event.name, arn: context.invokedFunctionArn, custom: context.clientContext?.custom }
}
export const broken = async () => { throw new TypeError('no such lead') }
export const untilTold = async ({ file }) => {
  console.log('began')
  while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 5))
}
`,
}

const DUMMY_KEYS = { accessKeyId: 'test', secretAccessKey: 'test' }
const ARN = 'arn:aws:lambda:us-east-1:123456789012:function:shop-dev-hello'

let folder: string
let spillway: Spillway
let client: LambdaClient
const listeners = new Set<(line: LogLine) => void>()

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lambda-clients-'))
  chmodSync(folder, 0o755)
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text)
  spillway = await createSpillway({
    app: await loadApp({ paths: [folder], env: {} }),
    mode: 'dev',
    listen: { aws: {} },
    onLog: (line) => listeners.forEach((listener) => listener(line)),
  })
  const { aws: endpoint = '' } = spillway.urls
  const region = 'us-east-1'
  client = new LambdaClient({ endpoint, region, credentials: DUMMY_KEYS, maxAttempts: 1 })
})

after(async () => {
  client.destroy()
  await spillway.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Resolves when a function has logged a line with this text. */
async function logged(functionName: string, text: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const listener = (line: LogLine): void => {
    if (line.functionName === functionName && line.text.includes(text)) resolve()
  }
  listeners.add(listener)
  await promise
  listeners.delete(listener)
}

describe('@aws-sdk/client-lambda', () => {
  test('invokes a function with a payload, a context and the tail of its log', async () => {
    const answer = await client.send(
      new InvokeCommand({
        FunctionName: 'shop-dev-hello',
        Payload: JSON.stringify({ name: 'Ada' }),
        ClientContext: Buffer.from('{"custom":{"a":1}}').toString('base64'),
        LogType: 'Tail',
      }),
    )
    assert.equal(answer.StatusCode, 200)
    assert.equal(answer.FunctionError, undefined)
    assert.equal(answer.ExecutedVersion, '$LATEST')
    assert.deepEqual(JSON.parse(answer.Payload?.transformToString() ?? ''), {
      hello: 'Ada',
      arn: ARN,
      custom: { a: 1 },
    })
    const tail = Buffer.from(answer.LogResult ?? '', 'base64').toString()
    const id = answer.$metadata.requestId
    assert.match(
      tail,
      new RegExp(`^START RequestId: ${id} Version: \\$LATEST\\n[^]*\\thello Ada\\n`),
    )
    assert.match(tail, new RegExp(`\\nEND RequestId: ${id}\\nREPORT RequestId: ${id}\\t`))
  })

  test('sees a function’s error with its trace', async () => {
    const answer = await client.send(new InvokeCommand({ FunctionName: 'shop-dev-broken' }))
    assert.equal(answer.StatusCode, 200)
    assert.equal(answer.FunctionError, 'Unhandled')
    const error = JSON.parse(answer.Payload?.transformToString() ?? '')
    assert.equal(error.errorType, 'TypeError')
    assert.equal(error.errorMessage, 'no such lead')
    assert.match(error.trace[1], /handlers\.mjs/)
  })

  test('is told of a function that is not there', async () => {
    await assert.rejects(
      client.send(new InvokeCommand({ FunctionName: 'nope' })),
      (error) =>
        error instanceof ResourceNotFoundException &&
        error.message === `Function not found: ${ARN.replace('shop-dev-hello', 'nope')}:$LATEST`,
    )
  })

  test('is throttled with a reason while another of the group has the only slot', async () => {
    const file = join(folder, 'go')
    const began = logged('shop-dev-etl', 'began')
    const first = client.send(
      new InvokeCommand({ FunctionName: 'shop-dev-etl', Payload: JSON.stringify({ file }) }),
    )
    await began
    await assert.rejects(
      client.send(new InvokeCommand({ FunctionName: 'shop-dev-report' })),
      (error) =>
        error instanceof TooManyRequestsException &&
        error.Reason === 'ConcurrentInvocationLimitExceeded' &&
        error.Type === 'User' &&
        error.message === 'Rate Exceeded.' &&
        error.retryAfterSeconds === '1',
    )
    writeFileSync(file, '')
    assert.equal((await first).Payload?.transformToString(), 'null')
    const again = await client.send(new InvokeCommand({ FunctionName: 'shop-dev-report' }))
    assert.equal(again.StatusCode, 200)
  })

  test('runs nothing on DryRun', async () => {
    const answer = await client.send(
      new InvokeCommand({ FunctionName: ARN, InvocationType: 'DryRun' }),
    )
    assert.equal(answer.StatusCode, 204)
  })

  test('reads functions and the account', async () => {
    const one = await client.send(new GetFunctionCommand({ FunctionName: ARN }))
    assert.equal(one.Configuration?.FunctionArn, ARN)
    assert.equal(one.Configuration.Description, 'Says hello')
    assert.deepEqual(one.Tags, { team: 'web' })
    const page = await client.send(new ListFunctionsCommand({ MaxItems: 3 }))
    const rest = await client.send(new ListFunctionsCommand({ Marker: page.NextMarker }))
    assert.deepEqual(
      [...(page.Functions ?? []), ...(rest.Functions ?? [])].map((fn) => fn.FunctionName),
      ['shop-dev-broken', 'shop-dev-etl', 'shop-dev-hello', 'shop-dev-report'],
    )
    const { AccountLimit, AccountUsage } = await client.send(new GetAccountSettingsCommand({}))
    assert.equal(AccountLimit?.ConcurrentExecutions, 1000)
    assert.equal(AccountUsage?.FunctionCount, 4)
  })

  test('switches a function off and on again by its reserved concurrency', async () => {
    const about = { FunctionName: 'shop-dev-hello' }
    const off = { ...about, ReservedConcurrentExecutions: 0 }
    await client.send(new PutFunctionConcurrencyCommand(off))
    const got = await client.send(new GetFunctionConcurrencyCommand(about))
    assert.equal(got.ReservedConcurrentExecutions, 0)
    await assert.rejects(
      client.send(new InvokeCommand(about)),
      (error) =>
        error instanceof TooManyRequestsException &&
        error.Reason === 'ReservedFunctionConcurrentInvocationLimitExceeded',
    )
    await client.send(new DeleteFunctionConcurrencyCommand(about))
    assert.equal((await client.send(new InvokeCommand(about))).StatusCode, 200)
  })
})

/** `test/run.ts` installs the CLI where it may; where there is none, this is said in the output. */
const noCli =
  process.env['SPILLWAY_TEST_WITHOUT_AWS_CLI'] === '1' ||
  !(process.env['PATH'] ?? '').split(delimiter).some((dir) => existsSync(join(dir, 'aws')))
const skip = noCli && 'there is no AWS CLI on PATH'

interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs `aws lambda …` against our endpoint. */
async function aws(...args: string[]): Promise<Ran> {
  const { promise, resolve } = Promise.withResolvers<Ran>()
  const endpoint = ['--endpoint-url', spillway.urls.aws ?? '', '--output', 'json']
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    AWS_ACCESS_KEY_ID: DUMMY_KEYS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: DUMMY_KEYS.secretAccessKey,
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_MAX_ATTEMPTS: '1',
    AWS_PAGER: '',
  }
  execFile('aws', ['lambda', ...args, ...endpoint], { env, cwd: folder }, (error, stdout, stderr) =>
    resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
  )
  return await promise
}

describe('The AWS CLI', { skip }, () => {
  test('invokes a function and writes its payload, with the tail of its log', async () => {
    const payload = join(folder, 'in.json')
    writeFileSync(payload, '{"name":"Ada"}')
    const { code, stdout, stderr } = await aws(
      'invoke',
      '--function-name=shop-dev-hello:$LATEST',
      '--log-type=Tail',
      `--payload=fileb://${payload}`,
      'out.json',
    )
    assert.equal(code, 0, stderr)
    const { StatusCode, ExecutedVersion, LogResult } = JSON.parse(stdout)
    assert.deepEqual([StatusCode, ExecutedVersion], [200, '$LATEST'])
    assert.match(Buffer.from(LogResult, 'base64').toString(), /\thello Ada\n/)
    const out = readFileSync(join(folder, 'out.json'), 'utf8')
    assert.deepEqual(JSON.parse(out), { hello: 'Ada', arn: `${ARN}:$LATEST` })
  })

  test('shows a function’s error', async () => {
    const { code, stdout, stderr } = await aws(
      'invoke',
      '--function-name',
      'shop-dev-broken',
      'out.json',
    )
    assert.equal(code, 0, stderr)
    assert.equal(JSON.parse(stdout).FunctionError, 'Unhandled')
    const { trace, ...error } = JSON.parse(readFileSync(join(folder, 'out.json'), 'utf8'))
    assert.deepEqual(error, { errorType: 'TypeError', errorMessage: 'no such lead' })
    assert.match(trace[1], /handlers\.mjs/)
  })

  test('names the error when the function is not there, or throttled', async () => {
    const missing = await aws('invoke', '--function-name', 'nope', 'out.json')
    assert.notEqual(missing.code, 0)
    assert.match(
      missing.stderr,
      /\(ResourceNotFoundException\) .*Function not found: .*:nope:\$LATEST/,
    )
    const name = ['--function-name', 'shop-dev-hello']
    const put = await aws(
      'put-function-concurrency',
      ...name,
      '--reserved-concurrent-executions',
      '0',
    )
    assert.deepEqual(JSON.parse(put.stdout), { ReservedConcurrentExecutions: 0 })
    const throttled = await aws('invoke', ...name, 'out.json')
    assert.match(throttled.stderr, /\(TooManyRequestsException\) .*Rate Exceeded\./)
    assert.equal((await aws('delete-function-concurrency', ...name)).code, 0)
    const got = await aws('get-function-concurrency', ...name)
    assert.equal(got.stdout, '')
  })

  test('lists functions and reads the account', async () => {
    const [list, account, one] = await Promise.all([
      aws('list-functions', '--query', 'Functions[].FunctionName'),
      aws('get-account-settings', '--query', 'AccountLimit.ConcurrentExecutions'),
      aws('get-function', '--function-name', 'shop-dev-hello'),
    ])
    assert.deepEqual(JSON.parse(list.stdout), [
      'shop-dev-broken',
      'shop-dev-etl',
      'shop-dev-hello',
      'shop-dev-report',
    ])
    assert.equal(JSON.parse(account.stdout), 1000)
    assert.equal(JSON.parse(one.stdout).Configuration.FunctionArn, ARN)
  })
})
