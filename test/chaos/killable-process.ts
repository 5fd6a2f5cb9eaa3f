import { join } from 'node:path'
import { createLog } from '../../src/lib/log.ts'
import { loadApp } from '../../src/manifest/load.ts'
import { createSpillway } from '../../src/spillway.ts'

/** A server to be killed: `killable-process.ts <folder>`. Says where its AWS endpoint is, once it is ready. */
const [folder = ''] = process.argv.slice(2)
const app = await loadApp({ paths: [folder], env: process.env })
const spillway = await createSpillway({
  app,
  listen: { aws: { port: 0 } },
  dataDir: join(folder, '.spillway'),
  log: createLog('error'),
  onLog: () => {},
})
process.once('SIGTERM', () => void spillway.close().finally(() => process.exit(0)))
process.stdout.write(`${spillway.urls.aws ?? ''}\n`)
