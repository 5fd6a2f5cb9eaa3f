/** `image/png` of `Image/PNG; q=1`: lower case, without parameters. */
export function mediaType(header: string): string {
  const semicolon = header.indexOf(';')
  return (semicolon === -1 ? header : header.slice(0, semicolon)).trim().toLowerCase()
}

/**
 * Whether a media type is one of a REST API's `binaryMediaTypes`: named exactly, or under a
 * configured `image/*`, or anything under a configured `*` `/*`.
 */
export function isBinary(type: string, binaryMediaTypes: readonly string[]): boolean {
  return binaryMediaTypes.some((configured) => {
    const binary = configured.toLowerCase()
    if (binary === '*/*' || binary === type) return true
    return binary.endsWith('/*') && type.startsWith(binary.slice(0, -1))
  })
}

const TEXT = new Set(['application/json', 'application/xml', 'application/javascript'])

/**
 * Whether an HTTP API or a Function URL passes a body of this Content-Type as text. All else is
 * base64, form posts and a missing type included (recorded, docs/reference/http.md).
 */
export function isText(contentType: string | undefined): boolean {
  if (contentType === undefined) return false
  if (contentType === 'application/json') return true
  const type = mediaType(contentType)
  return type.startsWith('text/') || TEXT.has(type)
}
