import { connect } from 'node:net'

/** One request after the other on each of these connections, until the time is over. */
export interface RawPost {
  readonly port: number
  readonly connections: number
  readonly durationMs: number
  /** The next body of a connection, made of the last answer; undefined ends it. */
  readonly next: (answer: string) => { readonly target: string; readonly body: string } | undefined
}

/** Posts with as little work as possible, so that what is measured is the other side. Resolves with the answers. */
export async function rawPost(options: RawPost): Promise<number> {
  const untilMs = performance.now() + options.durationMs
  const counts = await Promise.all(
    Array.from({ length: options.connections }, async () => await drive(options, untilMs)),
  )
  return counts.reduce((sum, count) => sum + count, 0)
}

async function drive({ port, next }: RawPost, untilMs: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const socket = connect(port, '127.0.0.1')
  let count = 0
  let received = ''
  const send = (answer: string): void => {
    const request = performance.now() < untilMs ? next(answer) : undefined
    if (request === undefined) {
      socket.end()
      return resolve(count)
    }
    const { target, body } = request
    socket.write(
      `POST / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nX-Amz-Target: AmazonSQS.${target}\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    )
  }
  socket.setEncoding('latin1').setNoDelay()
  socket.on('connect', () => send(''))
  socket.on('error', reject)
  socket.on('data', (text: string) => {
    received += text
    const head = received.indexOf('\r\n\r\n')
    if (head === -1) return
    const length = Number(/content-length: (\d+)/i.exec(received)?.[1] ?? 0)
    if (received.length < head + 4 + length) return
    if (!received.startsWith('HTTP/1.1 200')) return reject(new Error(received))
    const answer = received.slice(head + 4)
    received = ''
    count++
    send(answer)
  })
  return await promise
}
