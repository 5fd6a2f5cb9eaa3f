import type { Ending } from './outcome.ts'

/** Lambda's limit of what is not streamed to the caller: 6 MiB and 100 bytes. */
const BYTES_MAX = 6_291_556

/** A streamed response for a caller that takes no stream: all of it, at its end. */
export class Collected {
  readonly #pieces: Uint8Array[] = []
  #length = 0

  /** What is beyond Lambda's limit is not kept: the function may write on. */
  add(bytes: Uint8Array): void {
    this.#length += bytes.length
    if (this.#length <= BYTES_MAX) this.#pieces.push(Uint8Array.from(bytes))
    else this.#pieces.length = 0
  }

  /** How an invocation that went well ends with it. */
  toEnding(): Ending {
    if (this.#length <= BYTES_MAX) {
      return { status: 'ok', result: { kind: 'json', json: Buffer.concat(this.#pieces) } }
    }
    const errorType = 'Function.ResponseSizeTooLarge'
    const errorMessage = `Response payload size exceeded maximum allowed payload size (${BYTES_MAX} bytes).`
    const json = Buffer.from(JSON.stringify({ errorMessage, errorType }))
    return { status: 'function_error', error: { errorType, errorMessage, json } }
  }
}
