import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import {
  CreateAliasCommand,
  DeleteAliasCommand,
  DeleteFunctionConcurrencyCommand,
  DeleteProvisionedConcurrencyConfigCommand,
  GetAccountSettingsCommand,
  GetAliasCommand,
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  GetFunctionScalingConfigCommand,
  GetProvisionedConcurrencyConfigCommand,
  InvokeCommand,
  LambdaClient,
  LambdaServiceException,
  ListAliasesCommand,
  ListProvisionedConcurrencyConfigsCommand,
  ListVersionsByFunctionCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionScalingConfigCommand,
  PutProvisionedConcurrencyConfigCommand,
  TooManyRequestsException,
  UpdateAliasCommand,
  type GetProvisionedConcurrencyConfigCommandOutput,
  type InvokeCommandOutput,
} from '@aws-sdk/client-lambda'
import { createSpillway, loadApp, type Spillway } from '../../src/index.ts'
import { createLog } from '../../src/lib/log.ts'
import { until } from '../support/until.ts'

/** A function for each test: what one changes is none of the others' business. */
const NAMES = 'versions aliases weights warm shared reserved scaled tenants overlap'.split(' ')
const FILES = {
  'serverless.yml': `
service: shop
provider: { name: aws, runtime: nodejs24.x }
functions:
${NAMES.map((name) => `  ${name}: { handler: handlers.hello, description: Says hello }`).join('\n')}
  broken: { handler: handlers.nothing }
`,
  'spillway.yml': `functions: { scaled: { maxWait: 0 }, overlap: { maxWait: 0 } }`,
  'handlers.mjs': `
export const hello = async (event, { invokedFunctionArn }) => ({ arn: invokedFunctionArn, pid: process.pid })
`,
}

let folder: string
let spillway: Spillway
let client: LambdaClient

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lambda-concurrency-'))
  chmodSync(folder, 0o755)
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text)
  spillway = await createSpillway({
    app: await load(),
    mode: 'dev',
    listen: { aws: {} },
    onLog: () => {},
    log: createLog('error'),
  })
  client = new LambdaClient({
    endpoint: spillway.urls.aws ?? '',
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  })
})

after(async () => {
  client.destroy()
  await spillway.close()
  rmSync(folder, { recursive: true, force: true })
})

function load(): ReturnType<typeof loadApp> {
  return loadApp({ paths: [folder], env: {} })
}

const nameOf = (key: string): string => `shop-dev-${key}`
const arnOf = (key: string): string =>
  `arn:aws:lambda:us-east-1:123456789012:function:${nameOf(key)}`

async function publish(key: string, Description?: string): Promise<string> {
  const description = Description === undefined ? {} : { Description }
  const command = new PublishVersionCommand({ FunctionName: nameOf(key), ...description })
  return (await client.send(command)).Version ?? ''
}

/** The next version of every function may be published. */
async function reload(): Promise<void> {
  spillway.reload(await load())
}

function provisioned(
  key: string,
  qualifier: string,
): Promise<GetProvisionedConcurrencyConfigCommandOutput> {
  const about = { FunctionName: nameOf(key), Qualifier: qualifier }
  return client.send(new GetProvisionedConcurrencyConfigCommand(about))
}

async function provision(key: string, qualifier: string, count: number): Promise<void> {
  const about = { FunctionName: nameOf(key), Qualifier: qualifier }
  const put = await client.send(
    new PutProvisionedConcurrencyConfigCommand({
      ...about,
      ProvisionedConcurrentExecutions: count,
    }),
  )
  const { $metadata, LastModified = '', ...shown } = put
  assert.equal($metadata.httpStatusCode, 202)
  assert.match(LastModified, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000$/)
  assert.deepEqual(shown, {
    RequestedProvisionedConcurrentExecutions: count,
    AllocatedProvisionedConcurrentExecutions: 0,
    AvailableProvisionedConcurrentExecutions: 0,
    Status: 'IN_PROGRESS',
  })
}

async function ready(key: string, qualifier: string, count: number): Promise<void> {
  const done = await until('the end of IN_PROGRESS', async () => {
    const config = await provisioned(key, qualifier)
    return config.Status === 'IN_PROGRESS' ? undefined : config
  })
  const { $metadata, LastModified: _, ...shown } = done
  assert.equal($metadata.httpStatusCode, 200)
  assert.deepEqual(shown, {
    RequestedProvisionedConcurrentExecutions: count,
    AllocatedProvisionedConcurrentExecutions: count,
    AvailableProvisionedConcurrentExecutions: count,
    Status: 'READY',
  })
}

async function unprovision(key: string, qualifier: string): Promise<void> {
  const about = { FunctionName: nameOf(key), Qualifier: qualifier }
  const gone = await client.send(new DeleteProvisionedConcurrencyConfigCommand(about))
  assert.equal(gone.$metadata.httpStatusCode, 204)
}

async function invoke(key: string, qualifier?: string): Promise<InvokeCommandOutput> {
  const by = qualifier === undefined ? {} : { Qualifier: qualifier }
  return await client.send(new InvokeCommand({ FunctionName: nameOf(key), ...by }))
}

function arnSeen({ Payload }: InvokeCommandOutput): unknown {
  return JSON.parse(Payload?.transformToString() ?? '').arn
}

/** Expects an error as the SDK shows it: its status, its name and its words. */
async function refuses(
  answer: Promise<unknown>,
  ...expected: [status: number, name: string, message: string]
): Promise<void> {
  await assert.rejects(answer, (error) => {
    assert.ok(error instanceof LambdaServiceException)
    assert.deepEqual([error.$metadata.httpStatusCode, error.name, error.message], expected)
    return true
  })
}

describe('Versions, through the SDK', () => {
  test('are numbered from 1, anew after a reload, and named by what they run as', async () => {
    const FunctionName = nameOf('versions')
    assert.deepEqual([await publish('versions', 'First'), await publish('versions')], ['1', '1'])
    await reload()
    assert.equal(await publish('versions'), '2')
    const { Versions } = await client.send(new ListVersionsByFunctionCommand({ FunctionName }))
    assert.deepEqual(
      Versions?.map((each) => [each.Version, each.Description, each.FunctionArn]),
      [
        ['$LATEST', 'Says hello', `${arnOf('versions')}:$LATEST`],
        ['1', 'First', `${arnOf('versions')}:1`],
        ['2', 'Says hello', `${arnOf('versions')}:2`],
      ],
    )
    const one = await client.send(new GetFunctionCommand({ FunctionName, Qualifier: '1' }))
    assert.deepEqual(
      [one.Configuration?.Version, one.Configuration?.FunctionArn],
      ['1', `${arnOf('versions')}:1`],
    )

    const latest = await invoke('versions')
    const second = await invoke('versions', '2')
    assert.deepEqual([latest.ExecutedVersion, arnSeen(latest)], ['$LATEST', arnOf('versions')])
    assert.deepEqual([second.ExecutedVersion, arnSeen(second)], ['2', `${arnOf('versions')}:2`])
    const missing = `Function not found: ${arnOf('versions')}:3`
    await refuses(invoke('versions', '3'), 404, 'ResourceNotFoundException', missing)
  })
})

describe('Aliases, through the SDK', () => {
  test('are made, moved, listed and deleted', async () => {
    const FunctionName = nameOf('aliases')
    const about = { FunctionName, Name: 'live' }
    await publish('aliases')
    await reload()
    await publish('aliases')
    const made = await client.send(new CreateAliasCommand({ ...about, FunctionVersion: '1' }))
    const { $metadata, RevisionId, ...shown } = made
    assert.equal($metadata.httpStatusCode, 201)
    assert.deepEqual(shown, {
      AliasArn: `${arnOf('aliases')}:live`,
      Name: 'live',
      FunctionVersion: '1',
      Description: '',
    })
    const first = await invoke('aliases', 'live')
    assert.deepEqual([first.ExecutedVersion, arnSeen(first)], ['1', `${arnOf('aliases')}:live`])

    const move = { ...about, FunctionVersion: '2', Description: 'moved' }
    await client.send(new UpdateAliasCommand({ ...move, RevisionId }))
    const got = await client.send(new GetAliasCommand(about))
    assert.deepEqual([got.FunctionVersion, got.Description], ['2', 'moved'])
    assert.notEqual(got.RevisionId, RevisionId)
    assert.equal((await invoke('aliases', 'live')).ExecutedVersion, '2')
    const config = await client.send(
      new GetFunctionConfigurationCommand({ FunctionName, Qualifier: 'live' }),
    )
    assert.deepEqual([config.Version, config.FunctionArn], ['2', `${arnOf('aliases')}:live`])
    await refuses(
      client.send(new UpdateAliasCommand({ ...move, RevisionId })),
      412,
      'PreconditionFailedException',
      'The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id',
    )

    const list = async (FunctionVersion: string): Promise<unknown> =>
      (await client.send(new ListAliasesCommand({ FunctionName, FunctionVersion }))).Aliases?.map(
        ({ Name }) => Name,
      )
    assert.deepEqual([await list('1'), await list('2')], [[], ['live']])
    const gone = await client.send(new DeleteAliasCommand(about))
    assert.equal(gone.$metadata.httpStatusCode, 204)
    const missing = `Cannot find alias arn: ${arnOf('aliases')}:live`
    const asked = client.send(new GetAliasCommand(about))
    await refuses(asked, 404, 'ResourceNotFoundException', missing)
  })

  test('share what comes by the weight of another version', async () => {
    const FunctionName = nameOf('weights')
    await publish('weights')
    await reload()
    await publish('weights')
    const about = { FunctionName, Name: 'live', FunctionVersion: '1' }
    const routing = (weight: number): object => ({
      RoutingConfig: { AdditionalVersionWeights: { 2: weight } },
    })
    const made = await client.send(new CreateAliasCommand({ ...about, ...routing(1) }))
    assert.deepEqual(made.RoutingConfig, { AdditionalVersionWeights: { 2: 1 } })
    assert.equal((await invoke('weights', 'live')).ExecutedVersion, '2')
    await client.send(new UpdateAliasCommand({ ...about, ...routing(0) }))
    assert.equal((await invoke('weights', 'live')).ExecutedVersion, '1')
    const none = { RoutingConfig: { AdditionalVersionWeights: {} } }
    const plain = await client.send(new UpdateAliasCommand({ ...about, ...none }))
    assert.equal(plain.RoutingConfig, undefined)
  })
})

describe('Provisioned concurrency, through the SDK', () => {
  test('is IN_PROGRESS, then READY with so many warm environments, then gone', async () => {
    await publish('warm')
    await provision('warm', '1', 2)
    await ready('warm', '1', 2)
    const pids = await Promise.all([1, 2, 3].map(async () => await invoke('warm', '1')))
    assert.ok(pids.every(({ StatusCode }) => StatusCode === 200))
    const about = { FunctionName: nameOf('warm') }
    const list = await client.send(new ListProvisionedConcurrencyConfigsCommand(about))
    assert.deepEqual(
      list.ProvisionedConcurrencyConfigs?.map((each) => [
        each.FunctionArn,
        each.RequestedProvisionedConcurrentExecutions,
        each.Status,
      ]),
      [[`${arnOf('warm')}:1`, 2, 'READY']],
    )
    await reload()
    await ready('warm', '1', 2)
    await unprovision('warm', '1')
    await unprovision('warm', '1')
    await refuses(
      provisioned('warm', '1'),
      404,
      'ProvisionedConcurrencyConfigNotFoundException',
      'No Provisioned Concurrency Config found for this function',
    )
  })

  test('is shared by a version and its alias', async () => {
    const FunctionName = nameOf('shared')
    await publish('shared')
    const alias = { FunctionName, Name: 'live', FunctionVersion: '1' }
    await client.send(new CreateAliasCommand(alias))
    await provision('shared', '1', 1)
    await refuses(
      provision('shared', 'live', 1),
      409,
      'ResourceConflictException',
      "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version",
    )
    await unprovision('shared', '1')
    await provision('shared', 'live', 1)
    await refuses(
      provision('shared', '1', 1),
      409,
      'ResourceConflictException',
      'Version is pointed by a Provisioned Concurrency alias',
    )
    await ready('shared', 'live', 1)
    await client.send(new DeleteAliasCommand(alias))
    const list = new ListProvisionedConcurrencyConfigsCommand({ FunctionName })
    assert.deepEqual((await client.send(list)).ProvisionedConcurrencyConfigs, [])
  })

  test('lies inside a reservation, and never above it', async () => {
    const FunctionName = nameOf('reserved')
    await publish('reserved')
    await provision('reserved', '1', 2)
    const reserve = (count: number): Promise<unknown> =>
      client.send(
        new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: count }),
      )
    const invalid = 'InvalidParameterValueException'
    await refuses(
      reserve(1),
      400,
      invalid,
      " ReservedConcurrentExecutions  1 should not be lower than function's total provisioned concurrency [2].",
    )
    await reserve(2)
    const { Concurrency } = await client.send(new GetFunctionCommand({ FunctionName }))
    assert.deepEqual(Concurrency, { ReservedConcurrentExecutions: 2 })
    const above =
      'Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function'
    await refuses(provision('reserved', '1', 3), 400, invalid, above)
    await reload()
    assert.equal(await publish('reserved'), '2')
    await refuses(provision('reserved', '2', 1), 400, invalid, above)
    const { AccountLimit } = await client.send(new GetAccountSettingsCommand({}))
    const free = AccountLimit?.UnreservedConcurrentExecutions ?? 0
    await client.send(new DeleteFunctionConcurrencyCommand({ FunctionName }))
    await refuses(
      provision('reserved', '1', free + 3),
      400,
      invalid,
      `Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [${free + 2}].`,
    )
    await unprovision('reserved', '1')
  })

  test('has the whole reservation, and leaves nothing of it to $LATEST', async () => {
    const FunctionName = nameOf('overlap')
    await publish('overlap')
    await provision('overlap', '1', 2)
    await ready('overlap', '1', 2)
    const all = { FunctionName, ReservedConcurrentExecutions: 2 }
    await client.send(new PutFunctionConcurrencyCommand(all))
    const Reason = 'ReservedFunctionConcurrentInvocationLimitExceeded'
    await assert.rejects(invoke('overlap'), { name: 'TooManyRequestsException', Reason })
    assert.equal((await invoke('overlap', '1')).StatusCode, 200)
  })

  test('has FAILED where the function cannot be loaded', async () => {
    await publish('broken')
    await provision('broken', '1', 1)
    const failed = await until('the end of IN_PROGRESS', async () => {
      const config = await provisioned('broken', '1')
      return config.Status === 'IN_PROGRESS' ? undefined : config
    })
    assert.deepEqual(
      [failed.Status, failed.StatusReason, failed.AvailableProvisionedConcurrentExecutions],
      ['FAILED', 'FUNCTION_ERROR_INIT_FAILURE', 0],
    )
  })
})

describe('A function’s scaling config, through the SDK', () => {
  test('is its maximum and what it keeps warm; 0 and 0 switch it off', async () => {
    const about = { FunctionName: nameOf('scaled'), Qualifier: '$LATEST.PUBLISHED' }
    const put = async (min: number, max: number): Promise<unknown> => {
      const FunctionScalingConfig = {
        MinExecutionEnvironments: min,
        MaxExecutionEnvironments: max,
      }
      const command = new PutFunctionScalingConfigCommand({ ...about, FunctionScalingConfig })
      return (await client.send(command)).FunctionState
    }
    assert.equal(await put(1, 3), 'Active')
    const { $metadata, ...got } = await client.send(new GetFunctionScalingConfigCommand(about))
    assert.equal($metadata.httpStatusCode, 200)
    const scaling = { MinExecutionEnvironments: 1, MaxExecutionEnvironments: 3 }
    assert.deepEqual(got, {
      FunctionArn: `${arnOf('scaled')}:$LATEST.PUBLISHED`,
      AppliedFunctionScalingConfig: scaling,
      RequestedFunctionScalingConfig: scaling,
    })
    const { maxConcurrency, provisionedConcurrency } =
      spillway.limits.current().functions[nameOf('scaled')] ?? {}
    assert.deepEqual([maxConcurrency, provisionedConcurrency], [3, 1])

    assert.equal(await put(0, 0), 'Deactivated')
    await assert.rejects(invoke('scaled'), TooManyRequestsException)
    assert.equal(await put(0, 1), 'Active')
    assert.equal((await invoke('scaled')).StatusCode, 200)
  })
})

describe('A tenant, through the SDK', () => {
  test('may be named in at most 256 characters', async () => {
    const about = { FunctionName: nameOf('tenants') }
    const ask = (TenantId: string): Promise<InvokeCommandOutput> =>
      client.send(new InvokeCommand({ ...about, TenantId }))
    assert.equal((await ask('t'.repeat(256))).StatusCode, 200)
    const long = 't'.repeat(257)
    await refuses(
      ask(long),
      400,
      'ValidationException',
      `1 validation error detected: Value '${long}' at 'tenantId' failed to satisfy constraint: Member must have length less than or equal to 256`,
    )
  })
})
