import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { SpillwayError } from '../lib/errors.ts'
import type { Certificate } from '../lib/strict-server.ts'

/**
 * The certificate of `--tls-cert` and `--tls-key`; undefined without both.
 * @throws {SpillwayError} SPILLWAY_USAGE for one without the other, and for what cannot be used.
 */
export function readCertificate(
  certFile: string | undefined,
  keyFile: string | undefined,
): Certificate | undefined {
  if (certFile === undefined && keyFile === undefined) return undefined
  if (certFile === undefined) throw unusable('--tls-key needs --tls-cert beside it')
  if (keyFile === undefined) throw unusable('--tls-cert needs --tls-key beside it')
  const certificate = { cert: read('--tls-cert', certFile), key: read('--tls-key', keyFile) }
  try {
    createSecureContext(certificate)
  } catch (error) {
    throw unusable(`${certFile} and ${keyFile} are no certificate and its key: ${why(error)}`)
  }
  return certificate
}

function read(flag: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw unusable(`${flag}: cannot read ${file}: ${why(error)}`)
  }
}

function unusable(message: string): SpillwayError {
  return new SpillwayError('SPILLWAY_USAGE', message)
}

function why(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
