import { setTimeout as wait } from 'node:timers/promises'
import type { APIGatewayProxyHandlerV2 } from 'aws-lambda'
import { respond } from './respond.ts'
import { listLeadIds } from './store.ts'

/** `GET /report`: slow, as a report from a warehouse would be. */
export const handler: APIGatewayProxyHandlerV2 = async () => {
  await wait(Number(process.env['REPORT_MS'] ?? 2000))
  const leadIds = await listLeadIds()
  return respond(200, { leads: leadIds.length })
}
