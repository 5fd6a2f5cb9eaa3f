import { crc32 } from 'node:zlib'

/** What a message was when it was written. */
export interface Written {
  readonly id: number
  readonly queue: number
  readonly grp: string | null
  readonly sent_ms: number
  readonly message_id: string
  readonly body: string
  readonly attributes: string | null
  readonly md5: string
  readonly md5_attributes: string | null
  readonly dedup: string | null
  readonly trace: string | null
  readonly source: string | null
}

/** SQLite does not see a bit that has changed on the disk; this does. */
export function checksumOf(written: Written): number {
  const { id, queue, grp, sent_ms, message_id, attributes, md5, dedup, trace, source } = written
  const about = `${queue} ${id} ${sent_ms} ${message_id} ${md5} ${written.md5_attributes} ${grp} ${dedup} ${trace} ${source} ${attributes}`
  return crc32(written.body, crc32(about))
}
