import type { APIGatewayProxyHandlerV2 } from 'aws-lambda'
import { respond } from './respond.ts'
import { loadLead } from './store.ts'

/** `GET /lead/{leadId}`. */
export const handler: APIGatewayProxyHandlerV2 = async (event) => {
  const leadId = event.pathParameters?.['leadId'] ?? ''
  const lead = await loadLead(leadId)
  return lead === undefined
    ? respond(404, { message: `there is no lead ${leadId}` })
    : respond(200, lead)
}
