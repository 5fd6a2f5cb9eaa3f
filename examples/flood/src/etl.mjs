import { setTimeout as after } from 'node:timers/promises'

/** One job of the ETL, or a batch of them: takes as long as it says, and tells which one it was. */
export const handler = async ({ Records, ...job }) => {
  if (Records === undefined) return await run(job)
  for (const { body } of Records) await tell(await run(JSON.parse(body)))
}

async function run({ job, ms }) {
  await after(ms)
  return { job }
}

/** A queue has no answer: who wants to know is told by another one. */
async function tell(done) {
  const response = await fetch(process.env.AWS_ENDPOINT_URL_SQS, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'AmazonSQS.SendMessage',
    },
    body: JSON.stringify({ QueueUrl: process.env.DONE, MessageBody: JSON.stringify(done) }),
  })
  if (!response.ok) throw new Error(await response.text())
}
