import { connect, type Socket } from 'node:net'

/** A connection on which bytes are sent, and what has come back. */
export interface RawClient {
  readonly socket: Socket
  /** `latin1`: one character, one byte. */
  send(bytes: string): void
  /** What came back so far. */
  text(): string
  /** Resolves when what came back matches. */
  until(pattern: RegExp): Promise<void>
  /** All that came back, once the connection is over, closed or reset. */
  readonly over: Promise<string>
}

export function connectRaw(port: number): RawClient {
  let text = ''
  const { promise: over, resolve } = Promise.withResolvers<string>()
  const socket = connect({ port, host: '127.0.0.1' })
  socket.setEncoding('latin1').on('data', (data: string) => (text += data))
  // Whether it is closed or reset is a matter of what was still to be read.
  socket.on('error', () => {}).on('close', () => resolve(text))
  return {
    socket,
    send: (bytes) => void socket.write(bytes, 'latin1'),
    text: () => text,
    over,
    async until(pattern) {
      while (!pattern.test(text)) {
        const data = Promise.withResolvers<unknown>()
        socket.once('data', data.resolve)
        await Promise.race([data.promise, over])
        if (socket.closed && !pattern.test(text)) {
          throw new Error(`the connection ended before ${pattern}, after: ${text}`)
        }
      }
    },
  }
}

/** Sends these bytes on a connection of their own; all that comes back until it is over. */
export async function exchangeRaw(port: number, sent: string): Promise<string> {
  const client = connectRaw(port)
  client.send(sent)
  return await client.over
}

export function statusesOf(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))
}
