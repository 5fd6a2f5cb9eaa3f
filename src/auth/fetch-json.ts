/** An issuer that takes longer is as good as gone: requests wait for it. */
const TIMEOUT_MS = 5000
/** Key sets have some kilobytes. */
const BYTES_MAX = 1024 * 1024

/**
 * A JSON document of an issuer.
 * @throws {Error} when it is not there, not JSON, too slow (5 s) or too large (1 MiB).
 */
export async function fetchJson(url: string): Promise<unknown> {
  const response = await fetch(url, {
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  if (!response.ok || response.body === null) throw new Error(`${url} answered ${response.status}`)
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body) {
    length += chunk.length
    if (length > BYTES_MAX) throw new Error(`${url} is larger than ${BYTES_MAX} bytes`)
    chunks.push(chunk)
  }
  return JSON.parse(Buffer.concat(chunks).toString())
}
