import assert from 'node:assert/strict'
import { basename, dirname } from 'node:path'
import { describe, test } from 'node:test'
import { load, oneFunction, tryLoad } from './project.ts'

const LAYERS = { 'layer/nodejs/x.js': '', 'my-lib/nodejs/y.js': '' }

describe('Layers', () => {
  const names = (layers: readonly string[] = []): string[] => layers.map((each) => basename(each))

  test('are folders, by path or as Serverless names those of the manifest', async () => {
    const top = 'layers: { common: { path: layer }, my-lib: { path: ./my-lib } }'
    const fn = 'layers: [{ Ref: MyDashlibLambdaLayer }, ./layer, !Ref CommonLambdaLayer]'
    const app = await load({ ...LAYERS, 'serverless.yml': oneFunction({ fn, top }) })
    const [a] = app.functions
    assert.deepEqual(names(a?.layers), ['my-lib', 'layer'], 'each once')
    assert.equal(dirname(a?.layers[0] ?? ''), a?.taskRoot)
  })

  test('of the provider are those of a function that names none', async () => {
    const provider = 'layers: [layer]'
    const of = async (fn?: string) => {
      const lines = fn === undefined ? { provider } : { provider, fn }
      const [a] = (await load({ ...LAYERS, 'serverless.yml': oneFunction(lines) })).functions
      return names(a?.layers)
    }
    assert.deepEqual(await of(), ['layer'])
    assert.deepEqual(await of('layers: [my-lib]'), ['my-lib'])
  })
})

describe('Words about environments', () => {
  const manifest = oneFunction({})

  test('are: no credentials unless they are to be inherited', async () => {
    assert.equal((await load({ 'serverless.yml': manifest })).credentials, 'none')
    const files = { 'serverless.yml': manifest, 'spillway.yml': 'credentials: inherit\n' }
    assert.equal((await load(files)).credentials, 'inherit')
  })

  test('are: how many interpreters are kept started; spillway.yml has the last word', async () => {
    const custom = oneFunction({ top: 'custom: { spillway: { environments: { spares: 1 } } }' })
    assert.equal((await load({ 'serverless.yml': custom })).spares, 1)
    const files = { 'serverless.yml': custom, 'spillway.yml': 'environments: { spares: 3 }\n' }
    assert.equal((await load(files)).spares, 3)
  })

  test('are: how many invocations one environment takes', async () => {
    const config = 'functions: { a: { environmentConcurrency: 10, timeout: 20m } }\n'
    const [a] = (await load({ 'serverless.yml': manifest, 'spillway.yml': config })).functions
    assert.deepEqual([a?.environmentConcurrency, a?.timeoutMs], [10, 1_200_000])
  })

  test('of Managed Instances are read where they are written', async () => {
    const of = async (provider: string) => {
      const fn = `capacityProvider: ${provider}`
      const [a] = (await load({ 'serverless.yml': oneFunction({ fn }) })).functions
      return a?.environmentConcurrency
    }
    assert.equal(await of('{ name: fast, maxConcurrency: 12 }'), 12)
    assert.equal(await of('{ name: fast, perExecutionEnvironmentMaxConcurrency: 7 }'), 7)
    assert.equal(await of('{ name: fast, scaling: { max: 3 } }'), 1)
  })

  for (const [config, message] of [
    ['credentials: mine', '1:14  expected credentials to be one of none, inherit, got: "mine"'],
    [
      'environments: { spares: -1 }',
      '1:25  expected spares to be a whole number from 0 to 64, got: -1',
    ],
    ['environments: { spare: 1 }', '1:17  unknown key "spare", did you mean "spares"?'],
    [
      'functions: { a: { environmentConcurrency: 1601 } }',
      '1:43  expected environmentConcurrency to be a whole number from 1 to 1600, got: 1601',
    ],
  ] as const) {
    test(`${config} is an error`, async () => {
      const { errors } = await tryLoad({ 'serverless.yml': manifest, 'spillway.yml': config })
      assert.deepEqual(errors, [`spillway.yml:${message}`])
    })
  }
})
