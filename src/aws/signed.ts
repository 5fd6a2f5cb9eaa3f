import type { IncomingMessage } from 'node:http'
import { createSignatureCheck, type SignatureCheck, type SignatureVerdict } from '../auth/sigv4.ts'
import { bodyOf, keepBody } from '../lib/body.ts'
import { jsonAnswer, type Answer } from './answer.ts'
import type { AwsOptions } from './options.ts'

/** The services that share this endpoint, as their clients sign for them. */
const SERVICES = ['lambda', 'sqs', 'events', 'sns']

/** Above what any operation takes: what is longer is refused by its own operation. */
const BODY_BYTES_MAX = 8 * 1024 * 1024

/** The check that requests are held against; undefined where nobody has to sign. */
export function signatureCheck({
  app,
  clock,
  awsKeys = [],
}: AwsOptions): SignatureCheck | undefined {
  if (awsKeys.length === 0) return undefined
  return createSignatureCheck({
    keys: awsKeys,
    region: () => app().region,
    services: SERVICES,
    presigned: false,
    wallMs: () => clock.wallMs(),
  })
}

/**
 * The answer to a request that is not signed as it must be; undefined for one that is. A stranger's
 * body is not read; the body of one who seems to be known is, and kept for the operation.
 */
export async function refuseUnsigned(
  check: SignatureCheck,
  request: IncomingMessage,
  requestId: string,
): Promise<Answer | undefined> {
  const { method = '', url = '/', rawHeaders } = request
  const signed = { method, target: url, rawHeaders }
  const before = check(signed)
  if (before.verdict === 'refused') return refusal(before, request, requestId)
  const body = await bodyOf(request, BODY_BYTES_MAX)
  // What is too long was dropped; nobody can act on it.
  if (body.bytes === undefined) return keepBody(request, body)
  const after = check(signed, body.bytes)
  if (after.verdict === 'refused') return refusal(after, request, requestId)
  keepBody(request, body)
}

const WORDS = {
  unsigned: ['MissingAuthenticationTokenException', 'Missing Authentication Token'],
  'unknown-key': [
    'UnrecognizedClientException',
    'The security token included in the request is invalid.',
  ],
  'bad-signature': [
    'InvalidSignatureException',
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
  ],
} as const

/** 403 in every protocol; clients of the Query protocol read XML, under names without "Exception". */
function refusal(
  { fault, detail }: Extract<SignatureVerdict, { verdict: 'refused' }>,
  { headers }: IncomingMessage,
  requestId: string,
): Answer {
  const [code, text] = WORDS[fault]
  const message = detail ?? text
  if (headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true) {
    return asXml(QUERY_CODES[fault], message, requestId)
  }
  const answer = jsonAnswer(403, { __type: code, message })
  return { ...answer, headers: { 'x-amzn-ErrorType': code } }
}

const QUERY_CODES = {
  unsigned: 'MissingAuthenticationToken',
  'unknown-key': 'InvalidClientTokenId',
  'bad-signature': 'SignatureDoesNotMatch',
} as const

function asXml(code: string, message: string, requestId: string): Answer {
  const text = message.replace(/[<>&'"]/g, (char) => `&#${char.charCodeAt(0)};`)
  const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>${text}</Message></Error>`
  return {
    status: 403,
    headers: { 'Content-Type': 'text/xml' },
    body: `<?xml version="1.0"?><ErrorResponse>${error}<RequestId>${requestId}</RequestId></ErrorResponse>`,
  }
}
