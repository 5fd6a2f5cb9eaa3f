import assert from 'node:assert/strict'
import { createServer, type AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { describe, test, type TestContext } from 'node:test'
import { describePortHolder } from '../../src/lib/port-holder.ts'

async function listen(t: TestContext, host: string): Promise<{ port: number; close: () => void }> {
  const server = createServer()
  t.after(() => server.close())
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(0, host, resolve)
  await promise
  return { port: (server.address() as AddressInfo).port, close: () => server.close() }
}

const skip = process.platform === 'linux' ? false : 'only Linux shows who holds a port'
const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
)

describe('The holder of a port', { skip }, () => {
  for (const host of ['127.0.0.1', '0.0.0.0', '::1']) {
    const without = host === '::1' && !hasIpv6 ? 'this machine has no IPv6' : false
    test(`is named by its command and its process (${host})`, { skip: without }, async (t) => {
      const { port } = await listen(t, host)
      const holder = describePortHolder(port) ?? ''
      assert.match(holder, /^\S*node /)
      assert.ok(holder.endsWith(` (pid ${process.pid})`), holder)
    })
  }

  test('is nobody where nobody listens', async (t) => {
    const { port, close } = await listen(t, '127.0.0.1')
    close()
    assert.equal(describePortHolder(port), undefined)
  })
})
