import type { AttributeFault } from '../../model/queue-settings.ts'
import type { Answer } from '../answer.ts'
import { textElement, xmlAnswer } from '../xml.ts'

export const SQS_NAMESPACE = 'http://queue.amazonaws.com/doc/2012-11-05/'

interface ErrorParts {
  /** As the Query protocol and boto3 know it. */
  readonly code: string
  /** The JSON protocol's name with its namespace. Default: SQS's, and the code without its prefix. */
  readonly type?: string
  readonly message: string
  /** What the Query protocol says instead. */
  readonly queryMessage?: string
  readonly status?: number
}

/** What SQS refuses, or cannot do. */
export class SqsError extends Error {
  override readonly name = 'SqsError'
  readonly code: string
  readonly type: string
  readonly queryMessage: string
  readonly status: number

  constructor({ code, type, message, queryMessage = message, status = 400 }: ErrorParts) {
    super(message)
    this.code = code
    this.type = type ?? `com.amazonaws.sqs#${code.slice(code.lastIndexOf('.') + 1)}`
    this.queryMessage = queryMessage
    this.status = status
  }

  get isSenders(): boolean {
    return this.status < 500
  }
}

/** The codes that were not given a shape of their own are the framework's in JSON. */
const FRAMEWORK = 'com.amazon.coral.service#'
/** Before the JSON protocol codes had this. */
const PREFIX = 'AWS.SimpleQueueService.'

export function noSuchQueue(): SqsError {
  const message = 'The specified queue does not exist'
  return new SqsError({
    code: `${PREFIX}NonExistentQueue`,
    type: 'com.amazonaws.sqs#QueueDoesNotExist',
    message: `${message}.`,
    queryMessage: `${message} for this wsdl version.`,
  })
}

export function invalidValue(message: string): SqsError {
  const type = `${FRAMEWORK}InvalidParameterValueException`
  return new SqsError({ code: 'InvalidParameterValue', type, message })
}

/** `Value 11 for parameter MaxNumberOfMessages is invalid. Reason: …` */
export function invalid(name: string, value: unknown, reason: string): SqsError {
  return invalidValue(`Value ${String(value)} for parameter ${name} is invalid. Reason: ${reason}`)
}

export function missing(name: string): SqsError {
  return new SqsError({
    code: 'MissingParameter',
    type: `${FRAMEWORK}MissingRequiredParameterException`,
    message: `The request must contain the parameter ${name}.`,
  })
}

/** One of SQS's errors about batches. */
export function batchError(name: string, message: string): SqsError {
  return new SqsError({ code: `${PREFIX}${name}`, message })
}

export function attributeError({ code, message }: AttributeFault): SqsError {
  return code === 'InvalidParameterValue' ? invalidValue(message) : new SqsError({ code, message })
}

export function unknownAttribute(name: string): SqsError {
  return new SqsError({ code: 'InvalidAttributeName', message: `Unknown Attribute ${name}.` })
}

export function queueExists(attribute: string): SqsError {
  return new SqsError({
    code: 'QueueAlreadyExists',
    type: 'com.amazonaws.sqs#QueueNameExists',
    message: `A queue already exists with the same name and a different value for attribute ${attribute}`,
  })
}

export function purgedJustNow(queue: string): SqsError {
  return new SqsError({
    code: `${PREFIX}PurgeQueueInProgress`,
    message: `Only one PurgeQueue operation on ${queue} is allowed every 60 seconds.`,
    status: 403,
  })
}

export function invalidHandle(handle: string): SqsError {
  return new SqsError({
    code: 'ReceiptHandleIsInvalid',
    message: `The input receipt handle "${handle}" is not a valid receipt handle.`,
  })
}

export function expiredHandle(handle: string): SqsError {
  return invalid('ReceiptHandle', handle, 'The receipt handle has expired.')
}

export function notInFlight(handle: string): SqsError {
  const reason = 'Message does not exist or is not available for visibility timeout change.'
  return invalid('ReceiptHandle', handle, reason)
}

/** What is ours to answer for: a disk that is full, say. */
export function internalFailure(message: string): SqsError {
  return new SqsError({
    code: 'InternalError',
    type: `${FRAMEWORK}InternalFailure`,
    message,
    status: 503,
  })
}

export function malformedJson(): SqsError {
  const type = `${FRAMEWORK}SerializationException`
  return new SqsError({ code: 'MalformedInput', type, message: 'The request is not valid JSON.' })
}

export function unknownOperation(name: string): SqsError {
  return new SqsError({
    code: 'InvalidAction',
    type: `${FRAMEWORK}UnknownOperationException`,
    message: `The operation ${name} is not served.`,
    queryMessage: `The action ${name} is not valid for this endpoint.`,
  })
}

export function jsonError({ status, type, code, message, isSenders }: SqsError): Answer {
  return {
    status,
    headers: {
      'Content-Type': 'application/x-amz-json-1.0',
      'x-amzn-query-error': `${code};${isSenders ? 'Sender' : 'Receiver'}`,
    },
    body: JSON.stringify({ __type: type, message }),
  }
}

export function xmlError(error: SqsError, requestId: string): Answer {
  const { status, code, queryMessage, isSenders } = error
  const about = [
    textElement('Type', isSenders ? 'Sender' : 'Receiver'),
    textElement('Code', code),
    textElement('Message', queryMessage),
  ]
  return xmlAnswer(
    status,
    `<ErrorResponse xmlns="${SQS_NAMESPACE}"><Error>${about.join('')}<Detail/></Error>${textElement('RequestId', requestId)}</ErrorResponse>`,
  )
}
