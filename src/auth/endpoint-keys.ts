import { randomBytes } from 'node:crypto'
import type { AwsKey } from './aws-keys.ts'

/** Who may call the AWS endpoint, once signatures are asked for. */
export interface EndpointKeys {
  readonly accepted: readonly AwsKey[]
  /** What functions sign with in `dev`: a key of this process alone. */
  readonly ofFunctions?: AwsKey
}

/**
 * The operator's keys, and those that functions have anyway: their SDKs sign what they send to the
 * endpoint, too. Where the operator has given none, nobody is asked for a signature.
 */
export function endpointKeys(
  given: readonly AwsKey[],
  mode: 'dev' | 'start',
  env: Readonly<Record<string, string | undefined>>,
): EndpointKeys {
  if (given.length === 0) return { accepted: [] }
  if (mode === 'start') return { accepted: [...given, ...inherited(env)] }
  const ofFunctions: AwsKey = {
    accessKeyId: 'SPILLWAYDEV',
    secretAccessKey: randomBytes(30).toString('base64'),
  }
  return { accepted: [...given, ofFunctions], ofFunctions }
}

/** The key that `credentials: inherit` passes on, where it is in the environment and not fetched. */
function inherited(env: Readonly<Record<string, string | undefined>>): AwsKey[] {
  const accessKeyId = env['AWS_ACCESS_KEY_ID']
  const secretAccessKey = env['AWS_SECRET_ACCESS_KEY']
  const sessionToken = env['AWS_SESSION_TOKEN']
  if (accessKeyId === undefined || secretAccessKey === undefined) return []
  return [{ accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) }]
}
