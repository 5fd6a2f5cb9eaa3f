import type { SQSBatchResponse, SQSHandler, SQSRecord } from 'aws-lambda'
import type { Lead } from './lead.ts'
import { saveFollowUp } from './store.ts'

/** Writes to each new lead. Those it could not write to come again; the others do not. */
export const handler: SQSHandler = async ({ Records }): Promise<SQSBatchResponse> => {
  const results = await Promise.allSettled(Records.map(followUp))
  const failed = Records.filter((_, i) => results[i]?.status === 'rejected')
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) }
}

async function followUp({ body }: SQSRecord): Promise<void> {
  const { leadId, name, email } = JSON.parse(body) as Lead
  if (email.endsWith('@unreachable.example')) throw new Error(`${email} takes no mail`)
  await saveFollowUp(leadId, `To: ${email}\n\nDear ${name}, thank you for your interest.\n`)
  console.log(`wrote to ${email}`)
}
