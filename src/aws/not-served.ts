import type { IncomingMessage } from 'node:http'
import { jsonAnswer, type Answer } from './answer.ts'
import { textElement, xmlAnswer } from './xml.ts'

/** Refuses what Spillway does not speak yet, in that service's own protocol. */
export function notServed(
  request: IncomingMessage,
  requestId: string,
  action: string | null,
): Answer {
  const target = request.headers['x-amz-target']
  if (typeof target === 'string') return unknownTarget(target)
  if (action !== null) return invalidAction(action, requestId)
  const message = `${request.method} ${request.url} is no operation of AWS Lambda. ${SERVED}`
  return withErrorType(jsonAnswer(404, { message }), UNKNOWN)
}

const SERVED =
  'Spillway serves the Lambda API, SQS, EventBridge PutEvents and SNS Publish here; rules, topics and subscriptions come from the manifest.'
const UNKNOWN = 'UnknownOperationException'

/** AWS JSON 1.1 (EventBridge): the error's type is in the body, with its namespace. */
function unknownTarget(target: string): Answer {
  const message = `The operation ${target} is not served. ${SERVED}`
  const __type = `com.amazon.coral.service#${UNKNOWN}`
  return withErrorType(jsonAnswer(400, { __type, message }), UNKNOWN)
}

/** The Query protocol (SNS): XML. */
function invalidAction(action: string, requestId: string): Answer {
  const message = `The action ${action} is not valid for this endpoint. ${SERVED}`
  const error = `<Error><Type>Sender</Type><Code>InvalidAction</Code>${textElement('Message', message)}<Detail/></Error>`
  const id = textElement('RequestId', requestId)
  return withErrorType(
    xmlAnswer(400, `<ErrorResponse>${error}${id}</ErrorResponse>`),
    'InvalidAction',
  )
}

function withErrorType(answer: Answer, errorType: string): Answer {
  return { ...answer, headers: { ...answer.headers, 'x-amzn-ErrorType': errorType } }
}
