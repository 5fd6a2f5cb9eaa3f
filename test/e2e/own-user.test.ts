import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { describe, test } from 'node:test'
import { runCli, startCli } from '../support/cli.ts'
import { has } from '../support/confined.ts'
import { makeFolder } from '../support/service.ts'

const MANIFEST = `service: own
provider: { name: aws, runtime: nodejs24.x }
functions:
  one: { handler: index.handler }
  two: { handler: index.handler }
`
const INDEX = 'exports.handler = async () => [process.getuid(), process.env]'

async function call(aws: string, key: string): Promise<[uid: number, env: Record<string, string>]> {
  const url = `${aws}/2015-03-31/functions/own-dev-${key}/invocations`
  const response = await fetch(url, { method: 'POST', body: '{}' })
  return (await response.json()) as [number, Record<string, string>]
}

describe('A service that no other user can read', () => {
  const shut = (): string => {
    const folder = makeFolder({ 'serverless.yml': MANIFEST, 'index.js': INDEX })
    chmodSync(folder, 0o700)
    return folder
  }

  test('is refused by start as root, naming the path', async (t) => {
    if (!has(t, 'users')) return
    const folder = shut()
    const ports = ['--port', '0', '--aws-port', '0', '--admin-port', '0']
    const { exit, stderr } = await runCli(t, ['start', folder, ...ports])
    assert.equal(exit, 2)
    assert.ok(
      stderr.includes(
        `own-dev-one cannot run under a user of its own, which could not read ${folder}; let others read it (chmod o+rX), or start Spillway as another user than root`,
      ),
      stderr,
    )
  })

  test('is run by dev as the server’s own user, which says so once', async (t) => {
    if (!has(t, 'users')) return
    const folder = shut()
    const server = await startCli(t, ['dev', folder])
    const line = await server.line(/could not read/)
    assert.ok(line.includes(`functions run as root: a user of their own could not read ${folder}`))
    assert.deepEqual(
      [(await call(server.aws, 'one'))[0], (await call(server.aws, 'two'))[0]],
      [0, 0],
    )
  })
})

describe('The AWS credentials of the server', () => {
  const env = { AWS_ACCESS_KEY_ID: 'AKIATEST', AWS_ROLE_ARN: 'arn:aws:iam::1:role/x', CANARY: 'c' }

  test('are for functions where spillway.yml has them inherited, and nothing else is', async (t) => {
    const files = { 'serverless.yml': MANIFEST, 'index.js': INDEX }
    const inherits = makeFolder({ ...files, 'spillway.yml': 'credentials: inherit\n' })
    const server = await startCli(t, ['start', inherits], { env })
    const [, seen] = await call(server.aws, 'one')
    assert.deepEqual(
      [seen['AWS_ACCESS_KEY_ID'], seen['AWS_ROLE_ARN']],
      ['AKIATEST', env.AWS_ROLE_ARN],
    )
    assert.equal(seen['CANARY'], undefined)

    const plain = await startCli(t, ['start', makeFolder(files)], { env })
    const [, without] = await call(plain.aws, 'one')
    assert.deepEqual(
      [without['AWS_ACCESS_KEY_ID'], without['AWS_ROLE_ARN']],
      [undefined, undefined],
    )
  })
})
