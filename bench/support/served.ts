import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** A running `spillway start` over files of its own. */
export interface Served {
  readonly apiUrl: string
  readonly awsUrl: string
  readonly pid: number
  stop(): Promise<void>
}

const MAIN = join(import.meta.dirname, '../../bin/spillway.js')

/** Writes the files into a folder of their own and serves it. @throws {Error} when it does not start. */
export async function serve(files: Readonly<Record<string, string>>): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-bench-'))
  // Environments have users of their own, who must be able to read it.
  chmodSync(folder, 0o755)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text, { mode: name === 'bootstrap' ? 0o755 : 0o644 })
  }
  const ports = ['-p', '0', '--aws-port', '0', '--admin-port', '0']
  const child = spawn(
    process.execPath,
    [MAIN, 'start', folder, '--data-dir', join(folder, '.spillway'), ...ports, '--json'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const { api: apiUrl, aws: awsUrl } = await readyUrls(child.stdout)
  return {
    apiUrl,
    awsUrl,
    pid: child.pid ?? 0,
    async stop() {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'exit')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

interface Urls {
  readonly api: string
  readonly aws: string
}

/** Its first line; what functions log after it is read and dropped. */
async function readyUrls(stdout: NodeJS.ReadableStream): Promise<Urls> {
  const { promise, resolve, reject } = Promise.withResolvers<Urls>()
  let text = ''
  stdout.setEncoding('utf8')
  stdout.on('data', (chunk: string) => {
    if (text.includes('\n')) return
    text += chunk
    if (!text.includes('\n')) return
    resolve(JSON.parse(text.slice(0, text.indexOf('\n'))) as Urls)
  })
  stdout.on('end', () => reject(new Error(`spillway start said nothing: ${text}`)))
  return await promise
}
