import type { IncomingMessage } from 'node:http'
import { bodyOf } from '../lib/body.ts'

/** The largest form: a megabyte of message (SQS's limit), three bytes each where it is encoded. */
const FORM_BYTES_MAX = 4 * 1024 * 1024

/** The parameters of a call in the Query protocol, of its URL or its form; undefined where it is none. */
export async function queryOf(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  const { headers, url = '/' } = request
  const [, text = ''] = url.split('?', 2)
  const inUrl = new URLSearchParams(text)
  if (inUrl.has('Action')) return inUrl
  if (!headers['content-type']?.startsWith('application/x-www-form-urlencoded')) return undefined
  const { bytes = '' } = await bodyOf(request, FORM_BYTES_MAX)
  const form = new URLSearchParams(bytes.toString())
  return form.has('Action') ? form : undefined
}
