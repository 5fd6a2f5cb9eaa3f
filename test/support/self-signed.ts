import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

/** The files of a certificate for `localhost` and its key; undefined without OpenSSL, said loudly. */
export function makeCertificate(
  t: TestContext,
): { readonly cert: string; readonly key: string } | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-tls-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  try {
    const out = ['-days', '2', '-keyout', files.key, '-out', files.cert]
    execFileSync('openssl', ['req', ...kind, ...names, ...out], { stdio: 'pipe' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    t.skip('!! SKIPPED: openssl makes the certificate, and there is none')
    return undefined
  }
  return files
}
