import { Socket } from 'node:net'
import process from 'node:process'
import { frameReader, type OnFrame } from '../frames.ts'

/** The pipe that the server speaks through. */
export interface Input {
  /** Hands the frames over from now on. */
  listen(onFrame: OnFrame): void
  /** Whether waiting for the server keeps the event loop alive. */
  ref(): void
  unref(): void
}

const FD = 3

/** Opens the pipe; nothing is read yet. When the server closes it, the process ends. */
export function openInput(): Input {
  let listener: OnFrame | undefined
  const read = frameReader((type, seq, head, body) => listener?.(type, seq, head, body))
  const socket = new Socket({
    fd: FD,
    readable: true,
    writable: false,
    onread: {
      buffer: Buffer.allocUnsafe(64 * 1024),
      callback: (bytes, buffer) => {
        read((buffer as Buffer).subarray(0, bytes))
        return true
      },
    },
  })
  // The server is gone, or wants no more of this environment.
  socket.on('close', () => process.exit(0))
  socket.on('error', () => process.exit(0))
  return {
    listen(onFrame) {
      listener = onFrame
      socket.resume()
    },
    ref: () => void socket.ref(),
    unref: () => void socket.unref(),
  }
}
