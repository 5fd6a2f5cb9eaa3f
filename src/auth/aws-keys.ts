import { SpillwayError } from '../lib/errors.ts'

/** A pair as AWS gives them: whoever signs with it is let in. */
export interface AwsKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Where it is of a session: each request must bring it. */
  readonly sessionToken?: string
}

/**
 * Reads `SPILLWAY_AWS_KEYS`: `ID:SECRET`, several with commas or blanks between them. No secret ever
 * stands in the message.
 * @throws {SpillwayError} SPILLWAY_USAGE for what is no such list, or an empty one.
 */
export function parseAwsKeys(text: string): AwsKey[] {
  const pairs = text.split(/[\s,]+/).filter((pair) => pair !== '')
  const keys = pairs.map((pair, i) => {
    const [, accessKeyId = '', secretAccessKey = ''] = /^(\w{3,128}):(\S{8,})$/.exec(pair) ?? []
    if (accessKeyId === '') throw unusable(`its entry ${i + 1} of ${pairs.length} is not`)
    return { accessKeyId, secretAccessKey }
  })
  if (keys.length === 0) throw unusable('it is empty')
  const ids = new Set(keys.map(({ accessKeyId }) => accessKeyId))
  if (ids.size < keys.length) throw unusable('it has an access key id twice')
  return keys
}

function unusable(why: string): SpillwayError {
  const rule = 'ACCESS_KEY_ID:SECRET_ACCESS_KEY (a secret of 8 characters at least)'
  const message = `SPILLWAY_AWS_KEYS is to be a list of ${rule}, with commas between them; ${why}`
  return new SpillwayError('SPILLWAY_USAGE', message)
}
