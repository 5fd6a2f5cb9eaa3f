import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { FunctionDefinition } from '../../src/model/app.ts'
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
      PATH: '/usr/bin',
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
      LAMBDA_TASK_ROOT: '/srv/shop',
      LAMBDA_RUNTIME_DIR: '/var/runtime',
      PWD: '/srv/shop',
      _HANDLER: 'index.handler',
      SPILLWAY: '1',
    })
  })

  test('keep the names that Lambda reserves, whatever the manifest says', () => {
    const names = Object.keys(variables({})).filter(
      (name) => !['LANG', 'PATH', 'TZ'].includes(name),
    )
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
    assert.deepEqual(
      Object.keys(seen).sort(),
      [...Object.keys(expected), '_X_AMZN_TRACE_ID'].sort(),
    )
  })
})
