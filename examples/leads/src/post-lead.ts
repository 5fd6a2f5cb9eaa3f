import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import type { APIGatewayProxyHandlerV2 } from 'aws-lambda'
import { readLead } from './lead.ts'
import { respond } from './respond.ts'
import { saveLead } from './store.ts'

/** No endpoint: where SQS is, the environment says. */
const sqs = new SQSClient()

/** `POST /lead/{leadId}` with `{"name": …, "email": …}`. */
export const handler: APIGatewayProxyHandlerV2 = async (event) => {
  const lead = readLead(event.pathParameters?.['leadId'] ?? '', bodyOf(event))
  if (typeof lead === 'string') return respond(400, { message: lead })
  await saveLead(lead)
  const message = { QueueUrl: process.env['FOLLOW_UPS'], MessageBody: JSON.stringify(lead) }
  await sqs.send(new SendMessageCommand(message))
  return respond(200, lead)
}

/** API Gateway sends a body as base64 unless its content type says that it is text. */
function bodyOf({
  body = '',
  isBase64Encoded,
}: {
  body?: string
  isBase64Encoded: boolean
}): string {
  return isBase64Encoded ? Buffer.from(body, 'base64').toString() : body
}
