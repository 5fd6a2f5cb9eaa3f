import type { Answer } from '../answer.ts'
import { textElement, xmlAnswer } from '../xml.ts'

export const SNS_NAMESPACE = 'http://sns.amazonaws.com/doc/2010-03-31/'

/** What SNS refuses, or cannot do. */
export class SnsError extends Error {
  override readonly name: string = 'SnsError'
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }

  static invalid(what: string): SnsError {
    return new SnsError(400, 'InvalidParameter', `Invalid parameter: ${what}`)
  }

  static attribute(message: string): SnsError {
    return new SnsError(400, 'ParameterValueInvalid', message)
  }
}

export function snsErrorAnswer({ status, code, message }: SnsError, requestId: string): Answer {
  const type = status < 500 ? 'Sender' : 'Receiver'
  const error = `${textElement('Type', type)}${textElement('Code', code)}${textElement('Message', message)}`
  return xmlAnswer(
    status,
    `<ErrorResponse xmlns="${SNS_NAMESPACE}"><Error>${error}</Error>${textElement('RequestId', requestId)}</ErrorResponse>`,
  )
}
