import { chmod, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Lead } from './lead.ts'

/*
 * One JSON file per lead, to keep the example free of a database. Each function runs in processes of
 * its own, so nothing can be kept in memory between POST and GET, and each environment has a /tmp of
 * its own, as on Lambda: there this file would talk to DynamoDB, and nothing else would change.
 */
const directory = process.env['LEADS_DIR'] ?? '/var/tmp/leads'

const followUps = join(directory, 'follow-ups')

export async function saveLead(lead: Lead): Promise<void> {
  await save(directory, fileOf(lead.leadId), JSON.stringify(lead))
}

/** Instead of a mail. The same one again replaces it: a message may come twice. */
export async function saveFollowUp(leadId: string, text: string): Promise<void> {
  await save(followUps, join(followUps, `${encodeURIComponent(leadId)}.txt`), text)
}

async function save(folder: string, file: string, text: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  // Functions may run under users of their own; whoever made the folder lets the others in.
  await chmod(folder, 0o777).catch(() => {})
  const unfinished = join(folder, `.${process.pid}-${Date.now()}`)
  await writeFile(unfinished, text)
  await rename(unfinished, file) // Readers never see half a file.
}

export async function loadLead(leadId: string): Promise<Lead | undefined> {
  try {
    return JSON.parse(await readFile(fileOf(leadId), 'utf8')) as Lead
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

export async function listLeadIds(): Promise<string[]> {
  const names = await readdir(directory).catch(() => [])
  return names
    .filter((name) => name.endsWith('.json'))
    .map((name) => decodeURIComponent(name.slice(0, -'.json'.length)))
}

/** Encoded, so that an id like `../x` stays inside the folder. */
function fileOf(leadId: string): string {
  return join(directory, `${encodeURIComponent(leadId)}.json`)
}
