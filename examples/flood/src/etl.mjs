import { setTimeout as after } from 'node:timers/promises'

/** One job of the ETL: takes as long as its event says, and tells which one it was. */
export const handler = async ({ job, ms }) => {
  await after(ms)
  return { job }
}
