import type { FunctionDefinition } from '../model/app.ts'
import { endLines, retryLine, startLine, type Report, type Retry } from '../runtime/report.ts'

/** One line of a function's log, without its line end. */
export interface LogLine {
  readonly functionName: string
  /** Undefined for what is written while no invocation runs. */
  readonly requestId: string | undefined
  readonly text: string
  /** START, END and REPORT, which the function did not write. */
  readonly platform: boolean
}

/** The log of one invocation: what the function writes, between START and END. */
export interface Journal {
  start(): void
  write(text: string): void
  retry(retry: Retry): void
  /** The process ended by itself under it: how, in Lambda's words. */
  crash(message: string, errorType: string): void
  end(report: Omit<Report, 'requestId' | 'memoryMb'>): void
  /** The last 4 KiB; undefined where it was not asked for. */
  tail(): string | undefined
}

/** A longer line is cut: CloudWatch takes no event of more than 256 KiB. */
export const LINE_CHARS_MAX: number = 256 * 1024

/** What `X-Amz-Log-Result` carries at most. */
const TAIL_BYTES = 4096

export function createJournal(
  fn: FunctionDefinition,
  requestId: string,
  options: {
    readonly tail: boolean
    readonly log: (line: LogLine) => void
    readonly onCut?: () => void
  },
): Journal {
  const json = fn.logFormat === 'JSON'
  let kept = ''

  const write = (text: string, platform = false): void => {
    const whole = text.endsWith('\n') ? text.slice(0, -1) : text
    if (options.tail) kept = `${kept}${whole}\n`.slice(-TAIL_BYTES)
    // Nearly all text is one line.
    if (!whole.includes('\n')) return log(whole, platform)
    for (const line of whole.split('\n')) log(line, platform)
  }
  const log = (line: string, platform: boolean): void => {
    const text = cutLine(line)
    if (text !== line) options.onCut?.()
    options.log({ functionName: fn.name, requestId, text, platform })
  }
  const time = (): string => (json ? new Date().toISOString() : '')

  return {
    write: (text) => write(text),
    retry: (retry) => write(retryLine(requestId, retry, json, time()), true),
    crash(message, errorType) {
      // In JSON the report names the error type; Lambda has no line of its own for it.
      if (!json) write(`RequestId: ${requestId} Error: ${message}\n${errorType}`, true)
    },
    start: () => write(startLine(requestId, json, time()), true),
    end: (report) =>
      write(endLines({ ...report, requestId, memoryMb: fn.memoryMb }, json, time()), true),
    tail: () => (options.tail ? lastOf(kept) : undefined),
  }
}

/** The beginning of a line that is too long, and how much is missing. */
export function cutLine(line: string): string {
  if (line.length <= LINE_CHARS_MAX) return line
  const missing = line.length - LINE_CHARS_MAX
  return `${line.slice(0, LINE_CHARS_MAX)} (${missing} more characters were cut)`
}

/** As many of the last bytes as make whole characters. */
function lastOf(text: string): string {
  const bytes = Buffer.from(text)
  let from = Math.max(0, bytes.length - TAIL_BYTES)
  while (isContinuation(bytes[from])) from++
  return bytes.toString('utf8', from)
}

/** Whether UTF-8 has this byte inside a character only. */
function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x80 && byte < 0xc0
}
