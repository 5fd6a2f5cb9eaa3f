import { SpillwayError } from '../lib/errors.ts'
import { parseDurationMs, writeDuration } from '../lib/duration.ts'
import { callLimits } from './admin-client.ts'
import { changedLines } from './changed-lines.ts'
import { limitsLines } from './limits-lines.ts'
import type { OutputFlags } from './options.ts'
import { parseChange } from './parse-change.ts'

interface LimitsFlags extends OutputFlags {
  readonly admin: string
}

interface SetFlags extends LimitsFlags {
  readonly for?: string
  readonly save?: boolean
}

/** `spillway limits get`: a table of who may use what and who does. */
export async function getLimits(flags: LimitsFlags): Promise<void> {
  const view = await callLimits(flags.admin, 'GET')
  write(flags.json === true ? [JSON.stringify(view)] : limitsLines(view.gate))
}

/** `spillway limits set account=200 group:etl=20 fn:report=5`: all changes at once, or none. */
export async function setLimits(texts: readonly string[], flags: SetFlags): Promise<void> {
  const changes = texts.map(parseChange)
  const { save } = flags
  const forMs = readFor(flags)
  const by = 'spillway limits set'
  const view = await callLimits(flags.admin, 'PATCH', { changes, by, forMs, save })
  const how = forMs !== undefined ? `, for ${writeDuration(forMs)}` : save === true ? ', saved' : ''
  write(flags.json === true ? [JSON.stringify(view)] : changedLines(view, how))
}

function readFor({ for: text, save }: SetFlags): number | undefined {
  if (text === undefined) return undefined
  if (save === true) {
    throw new SpillwayError(
      'SPILLWAY_USAGE',
      'a change is for a time (--for) or saved (--save), not both',
    )
  }
  const ms = parseDurationMs(text)
  if (ms !== undefined && ms > 0) return ms
  const message = `--for: expected a duration such as 90s, 30m or 2h, got: "${text}"`
  throw new SpillwayError('SPILLWAY_USAGE', message)
}

function write(lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''))
}
