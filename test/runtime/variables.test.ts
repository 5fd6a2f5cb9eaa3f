import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { FunctionDefinition } from '../../src/model/app.ts'
import { inheritedCredentials } from '../../src/runtime/credentials.ts'
import { findLauncher } from '../../src/runtime/launch/launcher.ts'
import { environmentVariables, type Surroundings } from '../../src/runtime/variables.ts'
import { appOf } from '../aws/serve.ts'
import { openRig, resultOf } from './rig.ts'

const AROUND: Surroundings = { region: 'eu-west-1', mode: 'start', path: '/usr/bin' }
const LOG_STREAM = /^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/

function variables(
  given: Partial<FunctionDefinition>,
  around: Partial<Surroundings> = {},
): Record<string, string> {
  const [fn] = appOf([{ name: 'lead', ...given }]).functions
  return environmentVariables(fn as FunctionDefinition, { ...AROUND, ...around })
}

describe('The variables of a function', () => {
  test('are those that Lambda sets, the manifest sets, and no other', () => {
    const { AWS_LAMBDA_LOG_STREAM_NAME: logStream, ...rest } = variables({
      environment: { TABLE: 'leads' },
    })
    assert.match(logStream ?? '', LOG_STREAM)
    assert.deepEqual(rest, {
      LANG: 'en_US.UTF-8',
      NODE_PATH: '/opt/nodejs/node24/node_modules:/opt/nodejs/node_modules:/srv/shop',
      PATH: '/usr/bin:/opt/bin',
      TZ: ':UTC',
      TABLE: 'leads',
      AWS_REGION: 'eu-west-1',
      AWS_DEFAULT_REGION: 'eu-west-1',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      AWS_LAMBDA_FUNCTION_NAME: 'lead',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/lead',
      AWS_LAMBDA_LOG_FORMAT: 'Text',
      AWS_LAMBDA_RUNTIME_API: '169.254.100.1:9001',
      AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
      AWS_XRAY_DAEMON_ADDRESS: '169.254.79.129:2000',
      _AWS_XRAY_DAEMON_ADDRESS: '169.254.79.129',
      _AWS_XRAY_DAEMON_PORT: '2000',
      LAMBDA_TASK_ROOT: '/srv/shop',
      LAMBDA_RUNTIME_DIR: '/var/runtime',
      PWD: '/srv/shop',
      SHLVL: '0',
      _HANDLER: 'index.handler',
      SPILLWAY: '1',
    })
  })

  test('keep the names that Lambda reserves, whatever the manifest says', () => {
    const open = /^(LANG|PATH|TZ|NODE_PATH|AWS_XRAY_.*)$/
    const names = Object.keys(variables({})).filter((name) => !open.test(name))
    const environment = Object.fromEntries(names.map((name) => [name, 'mine']))
    const set = variables({ environment })
    assert.deepEqual(
      names.filter((name) => set[name] === 'mine'),
      [],
    )
  })

  test('may have a language, a path and a time zone of the manifest', () => {
    const environment = { LANG: 'de_DE.UTF-8', PATH: '/opt/bin', TZ: 'Europe/Berlin' }
    const { LANG, PATH, TZ } = variables({ environment })
    assert.deepEqual({ LANG, PATH, TZ }, environment)
  })

  test('say that several invocations come at once, as on Managed Instances', () => {
    const { AWS_LAMBDA_MAX_CONCURRENCY, AWS_LAMBDA_INITIALIZATION_TYPE } = variables({
      environmentConcurrency: 10,
    })
    assert.deepEqual(
      [AWS_LAMBDA_MAX_CONCURRENCY, AWS_LAMBDA_INITIALIZATION_TYPE],
      ['10', 'lambda-managed-instances'],
    )
    assert.equal(variables({})['AWS_LAMBDA_MAX_CONCURRENCY'], undefined)
  })

  test('lead a runtime to what its layers hold', () => {
    const layers = ['/srv/a', '/srv/b']
    const [fn] = appOf([{ name: 'lead', runtime: 'python3.12', layers }]).functions
    const found = environmentVariables(fn as FunctionDefinition, AROUND, ['/srv/b', '/srv/a'])
    assert.equal(
      found['PYTHONPATH'],
      '/srv/b/python:/srv/b/python/lib/python3.12/site-packages:/srv/a/python:/srv/a/python/lib/python3.12/site-packages',
    )
    assert.equal(found['PATH'], '/usr/bin:/srv/b/bin:/srv/a/bin')
    assert.equal(found['LD_LIBRARY_PATH'], '/srv/shop:/srv/shop/lib:/srv/b/lib:/srv/a/lib')
    assert.equal(found['NODE_PATH'], undefined)
  })

  test('hold the server’s AWS credentials where they are inherited, in start alone', () => {
    const credentials = inheritedCredentials({
      AWS_ACCESS_KEY_ID: 'AKIA',
      AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://169.254.170.23/v1/credentials',
      AWS_WEB_IDENTITY_TOKEN_FILE: '/var/run/token',
      AWS_ENDPOINT_URL: 'http://elsewhere',
      DATABASE_URL: 'postgres://secret',
    })
    assert.deepEqual(credentials, {
      AWS_ACCESS_KEY_ID: 'AKIA',
      AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://169.254.170.23/v1/credentials',
      AWS_WEB_IDENTITY_TOKEN_FILE: '/var/run/token',
    })
    assert.equal(variables({}, { credentials })['AWS_ACCESS_KEY_ID'], 'AKIA')
    assert.equal(variables({}, { credentials, mode: 'dev' })['AWS_ACCESS_KEY_ID'], 'spillway')
    const dev = variables({}, { credentials, mode: 'dev' })
    assert.equal(dev['AWS_WEB_IDENTITY_TOKEN_FILE'], undefined)
  })

  test('have keys that open nothing in dev, and none in start', () => {
    const { IS_OFFLINE, AWS_ACCESS_KEY_ID } = variables({}, { mode: 'dev' })
    assert.deepEqual([IS_OFFLINE, AWS_ACCESS_KEY_ID], ['true', 'spillway'])
    for (const name of ['IS_OFFLINE', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) {
      assert.equal(variables({})[name], undefined)
    }
  })

  test('name the AWS endpoint where there is one, and never for all of AWS', () => {
    const set = variables({}, { awsUrl: 'http://127.0.0.1:3002' })
    assert.equal(set['AWS_ENDPOINT_URL_LAMBDA'], 'http://127.0.0.1:3002')
    assert.equal(set['AWS_ENDPOINT_URL'], undefined)
    assert.equal(variables({})['AWS_ENDPOINT_URL_LAMBDA'], undefined)
  })

  test('name no execution environment for a runtime that is provided', () => {
    assert.equal(variables({ runtime: 'provided.al2023' })['AWS_EXECUTION_ENV'], undefined)
  })

  test('name another log stream for each environment', () => {
    const streams = [variables({}), variables({})].map((set) => set['AWS_LAMBDA_LOG_STREAM_NAME'])
    assert.notEqual(streams[0], streams[1])
  })

  test('hold nothing of the server’s own, as the process sees them', async (t) => {
    process.env['SPILLWAY_TEST_CANARY'] = 'secret'
    process.env['AWS_SECRET_ACCESS_KEY'] = 'secret'
    t.after(() => {
      delete process.env['SPILLWAY_TEST_CANARY']
      delete process.env['AWS_SECRET_ACCESS_KEY']
    })
    const rig = openRig(t, {
      files: { 'index.js': 'exports.handler = async () => process.env' },
      functions: [{ name: 'effect', environment: { TABLE: 'leads' } }],
    })
    const seen = resultOf(await rig.invoke({})) as Record<string, string>
    assert.ok(!JSON.stringify(seen).includes('secret'))
    const [fn] = rig.app.functions
    const expected = environmentVariables(fn as FunctionDefinition, AROUND)
    // The service lies in /tmp, which it then shares with others.
    const own = ['TMPDIR', ...(findLauncher().means.users ? ['HOME', 'USER'] : [])]
    assert.deepEqual(
      Object.keys(seen).sort(),
      [...Object.keys(expected), '_X_AMZN_TRACE_ID', ...own].sort(),
    )
  })
})
