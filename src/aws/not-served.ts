import type { IncomingMessage } from 'node:http'
import { jsonAnswer, type Answer } from './answer.ts'
import { bodyOf } from '../lib/body.ts'

/** Forms name their action early; what is longer is none that we could name. */
const FORM_BYTES_MAX = 1024 * 1024

/** Refuses a service that Spillway does not speak yet, in that service's own protocol. */
export async function notServed(request: IncomingMessage, requestId: string): Promise<Answer> {
  const target = request.headers['x-amz-target']
  if (typeof target === 'string') return unknownTarget(target)
  const action = await actionOf(request)
  if (action !== undefined) return invalidAction(action, requestId)
  const message = `${request.method} ${request.url} is no operation of AWS Lambda. ${SERVED}`
  return withErrorType(jsonAnswer(404, { message }), UNKNOWN)
}

const SERVED = 'Spillway serves the Lambda API here and nothing else yet.'
const UNKNOWN = 'UnknownOperationException'

/** AWS JSON 1.0 and 1.1 (SQS, EventBridge): the error's type is in the body, with its namespace. */
function unknownTarget(target: string): Answer {
  const message = `The operation ${target} is not served. ${SERVED}`
  const __type = `com.amazon.coral.service#${UNKNOWN}`
  return withErrorType(jsonAnswer(400, { __type, message }), UNKNOWN)
}

/** The Query protocol (SNS, and SQS of older clients): XML. */
function invalidAction(action: string, requestId: string): Answer {
  const message = `The action ${action} is not valid for this endpoint. ${SERVED}`
  const error = `<Error><Type>Sender</Type><Code>InvalidAction</Code><Message>${escapeXml(message)}</Message><Detail/></Error>`
  return {
    status: 400,
    headers: { 'Content-Type': 'text/xml', 'x-amzn-ErrorType': 'InvalidAction' },
    body: `<?xml version="1.0"?><ErrorResponse>${error}<RequestId>${requestId}</RequestId></ErrorResponse>`,
  }
}

async function actionOf(request: IncomingMessage): Promise<string | undefined> {
  const { headers, url = '/' } = request
  const [, query = ''] = url.split('?', 2)
  const inQuery = new URLSearchParams(query).get('Action')
  if (inQuery !== null) return inQuery
  if (!headers['content-type']?.startsWith('application/x-www-form-urlencoded')) return undefined
  const { bytes = '' } = await bodyOf(request, FORM_BYTES_MAX)
  return new URLSearchParams(bytes.toString()).get('Action') ?? undefined
}

function withErrorType(answer: Answer, errorType: string): Answer {
  return { ...answer, headers: { 'x-amzn-ErrorType': errorType } }
}

function escapeXml(text: string): string {
  return text.replace(/[<>&'"]/g, (char) => `&#${char.charCodeAt(0)};`)
}
