import assert from 'node:assert/strict'
import { existsSync, symlinkSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { before, describe, test } from 'node:test'
import { runCommand } from '../support/cli.ts'
import { makeFolder, writeFiles } from '../support/service.ts'

const ROOT = join(import.meta.dirname, '../..')
const PATH = `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`

/** A folder with Express, and with Spillway as npm packs it. */
let folder: string

before(async () => {
  folder = makeFolder({ 'package.json': '{"name":"shop","private":true}' })
  // It is built already; its own script would build it while other tests run it.
  const packed = await npm('pack', '--ignore-scripts', '--json', '--pack-destination', folder, ROOT)
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }]
  const quietly = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline']
  await npm('install', ...quietly, 'express@5', `./${filename}`)
})

async function npm(...args: readonly string[]): Promise<string> {
  const ran = await runCommand(['npm', ...args], { cwd: folder, env: { PATH } })
  assert.equal(ran.exit, 0, `npm ${args.join(' ')}\n${ran.stdout}${ran.stderr}`)
  return ran.stdout
}

/** What a module adds to a process that has Express already, and what the process then holds. */
const WEIGH = `
import { registerHooks } from 'node:module'
import 'express'
const before = new Set(process.moduleLoadList)
const urls = []
registerHooks({ load: (url, context, next) => (urls.push(url), next(url, context)) })
const { lambdaToExpress, rateLimit } = await import('spillway/express')
rateLimit({ rate: 1, burst: 1 })
lambdaToExpress(async () => ({ statusCode: 200 }))
const builtIn = process.moduleLoadList.filter((name) => !before.has(name))
console.log(JSON.stringify({ urls, builtIn, handles: process.getActiveResourcesInfo() }))
`

/** An app in CommonJS, as most Express apps are. */
const COMMONJS = `
const express = require('express')
const { lambdaToExpress, expressToLambda } = require('spillway/express')
const app = express()
app.use(express.json())
app.post('/lead/:leadId', lambdaToExpress(async ({ body, pathParameters }) => ({
  statusCode: 200,
  body: JSON.stringify({ ...pathParameters, ...JSON.parse(body) }),
})))
const server = app.listen(0, async () => {
  const url = 'http://127.0.0.1:' + server.address().port + '/lead/7'
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(url, { method: 'POST', headers, body: '{"name":"Ada"}' })
  const event = {
    version: '2.0',
    rawPath: '/lead/8',
    rawQueryString: '',
    headers,
    requestContext: { http: { method: 'POST', path: '/lead/8' } },
    body: '{"name":"Bob"}',
    isBase64Encoded: false,
  }
  const result = await expressToLambda(app)(event)
  console.log(JSON.stringify([process.version, await answer.json(), JSON.parse(result.body)]))
  server.close()
  server.closeAllConnections()
})
`

const EXPECTED = [
  { leadId: '7', name: 'Ada' },
  { leadId: '8', name: 'Bob' },
]

describe('Spillway beside Express, from its tarball', () => {
  test('loads the rooms of the wrapper and no package, no worker, no database', async () => {
    writeFiles(folder, { 'weigh.mjs': WEIGH })
    const ran = await runCommand([process.execPath, 'weigh.mjs'], { cwd: folder })
    assert.equal(ran.exit, 0, ran.stderr)
    const { urls, builtIn, handles } = JSON.parse(ran.stdout) as Record<
      'urls' | 'builtIn' | 'handles',
      string[]
    >
    const own = /node_modules\/spillway\/dist\/(adapters|events|rates|lib|model)\//
    assert.deepEqual(
      urls.filter((url) => url.startsWith('file:') && !own.test(url)),
      [],
    )
    assert.ok(urls.length > 20, 'the hook saw what was loaded')
    const noticed = /sqlite|worker|child_process|cluster|inspector|tls|http2|dns|net\b/
    assert.deepEqual(
      builtIn.filter((name) => noticed.test(name)),
      [],
    )
    // Nothing runs: no timer, no connection.
    assert.deepEqual(
      handles.filter((name) => !/TTY|Pipe|FS/.test(name)),
      [],
    )
  })

  test('is required by an app in CommonJS, on this Node', async () => {
    assert.deepEqual(await runApp(process.execPath), EXPECTED)
  })

  test('runs on Node 20', async (t) => {
    const node20 = await findNode20()
    if (node20 === undefined) return t.skip('!! SKIPPED: there is no Node 20 on the PATH')
    assert.deepEqual(await runApp(node20), EXPECTED)
  })

  test('runs on Node 20 under Fastify, Hono and node:http too', async (t) => {
    const node20 = await findNode20()
    if (node20 === undefined) return t.skip('!! SKIPPED: there is no Node 20 on the PATH')
    for (const name of ['fastify', 'hono']) {
      const link = join(folder, 'node_modules', name)
      if (!existsSync(link)) symlinkSync(join(ROOT, 'node_modules', name), link)
    }
    writeFiles(folder, { 'others.mjs': OTHERS })
    const ran = await runCommand([node20, 'others.mjs'], { cwd: folder })
    assert.equal(ran.exit, 0, ran.stderr)
    const told = '{"leadId":"7","body":"sent"}'
    assert.deepEqual(JSON.parse(ran.stdout), { fastify: told, hono: told, node: told })
  })
})

/** The others, each there and back, a streaming handler among them. */
const OTHERS = `
import { lambdaToFastify, fastifyToLambda } from 'spillway/fastify'
import { lambdaToHono, honoToLambda } from 'spillway/hono'
import { lambdaToNode, nodeToLambda, rateLimit } from 'spillway/node'
import fastify from 'fastify'
import { Hono } from 'hono'

const handler = async ({ body, pathParameters }) =>
  ({ statusCode: 200, body: JSON.stringify({ ...pathParameters, body }) })
const streaming = awslambda.streamifyResponse(async ({ body, pathParameters }, out) =>
  void out.end(JSON.stringify({ ...pathParameters, body })))
const event = {
  version: '2.0',
  rawPath: '/lead/7',
  rawQueryString: '',
  headers: { 'content-type': 'text/plain' },
  requestContext: { http: { method: 'POST', path: '/lead/7' } },
  body: 'sent',
  isBase64Encoded: false,
}
const app = fastify()
app.post('/lead/:leadId', lambdaToFastify(handler))
const hono = new Hono().post('/lead/:leadId', lambdaToHono(handler))
const limit = rateLimit({ rate: 1, burst: 1 })
const lambda = lambdaToNode(streaming, { route: 'POST /lead/{leadId}' })
const node = nodeToLambda((request, response) =>
  limit(request, response, () => lambda(request, response)))
console.log(JSON.stringify({
  fastify: (await fastifyToLambda(app)(event)).body,
  hono: (await honoToLambda(hono)(event)).body,
  node: (await node(event)).body,
}))
`

async function runApp(node: string): Promise<unknown[]> {
  writeFiles(folder, { 'app.cjs': COMMONJS })
  const ran = await runCommand([node, 'app.cjs'], { cwd: folder })
  assert.equal(ran.exit, 0, ran.stderr)
  assert.doesNotMatch(ran.stderr, /Warning/)
  const [version, ...told] = JSON.parse(ran.stdout) as [string, ...unknown[]]
  assert.equal(version.startsWith('v20.'), node !== process.execPath)
  return told
}

/** The first `node` on the PATH whose version is 20: what wrapper users may have, and we have not. */
async function findNode20(): Promise<string | undefined> {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    const node = join(directory, 'node')
    if (!existsSync(node)) continue
    const { stdout } = await runCommand([node, '--version'])
    if (stdout.startsWith('v20.')) return node
  }
  return undefined
}
