import type { Handler } from 'aws-lambda'
import { listLeadIds, loadLead } from './store.ts'

interface EtlResult {
  readonly leads: number
  readonly byDomain: Readonly<Record<string, number>>
}

/** Reads every lead and counts them by the domain of their address. */
export const handler: Handler<unknown, EtlResult> = async () => {
  const byDomain: Record<string, number> = {}
  const leadIds = await listLeadIds()
  for (const leadId of leadIds) {
    const domain = (await loadLead(leadId))?.email.split('@')[1]
    if (domain !== undefined) byDomain[domain] = (byDomain[domain] ?? 0) + 1
  }
  console.log(`counted ${leadIds.length} leads`)
  return { leads: leadIds.length, byDomain }
}
