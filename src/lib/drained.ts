import type { ServerResponse } from 'node:http'

/** Calls `resume` once the client has taken what was written, or has left and takes nothing any more. */
export function onceDrained(response: ServerResponse, resume: () => void): void {
  const once = (): void => {
    response.off('drain', once).off('close', once)
    resume()
  }
  response.on('drain', once).on('close', once)
}
