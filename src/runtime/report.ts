import { constants } from 'node:os'

/** What the closing lines of an invocation's log say. */
export interface Report {
  readonly requestId: string
  readonly durationMs: number
  readonly memoryMb: number
  readonly maxMemoryUsedMb: number
  /** Only for the first invocation of an environment. */
  readonly initMs?: number
  readonly status: 'success' | 'error' | 'timeout'
  /** `Runtime.ExitError` and the like; only for what the platform found, not for a plain exception. */
  readonly errorType?: string
}

/** `START RequestId: … Version: $LATEST`, or its JSON form. */
export function startLine(requestId: string, json: boolean, time: string): string {
  if (!json) return `START RequestId: ${requestId} Version: $LATEST`
  return platformLine(time, 'platform.start', { requestId, version: '$LATEST' })
}

/**
 * END and REPORT. Tabs between the fields; a trailing tab where no status follows; a cold start is
 * billed with its init time (recorded 2025-08 and later, `docs/reference/logs.md`).
 */
export function endLines(report: Report, json: boolean, time: string): string {
  if (json) return platformLine(time, 'platform.report', jsonRecord(report))
  const { requestId, durationMs, initMs, status, errorType } = report
  const billedMs = Math.ceil(durationMs + (initMs ?? 0))
  let line = `END RequestId: ${requestId}\nREPORT RequestId: ${requestId}\tDuration: ${durationMs.toFixed(2)} ms\tBilled Duration: ${billedMs} ms\tMemory Size: ${report.memoryMb} MB\tMax Memory Used: ${report.maxMemoryUsedMb} MB`
  if (initMs !== undefined) line += `\tInit Duration: ${initMs.toFixed(2)} ms`
  if (status === 'success' || (status === 'error' && errorType === undefined)) return `${line}\t`
  line += `\tStatus: ${status}`
  return status === 'error' ? `${line}\tError Type: ${errorType}` : line
}

/**
 * `INIT_REPORT …`: an environment that could not load its function. `Phase: init` for the first, which
 * Lambda starts ahead, `Phase: invoke` for those that follow (recorded 2025-08).
 */
export interface InitReport {
  readonly initMs: number
  readonly phase: 'init' | 'invoke'
  readonly status: 'error' | 'timeout'
  readonly errorType: string
}

export function initReportLine(report: InitReport, json: boolean, time: string): string {
  const { initMs, phase, status, errorType } = report
  if (json) {
    const metrics = { durationMs: Number(initMs.toFixed(3)) }
    return platformLine(time, 'platform.initReport', { phase, status, errorType, metrics })
  }
  const duration = `INIT_REPORT Init Duration: ${initMs.toFixed(2)} ms`
  return `${duration}\tPhase: ${phase}\tStatus: ${status}\tError Type: ${errorType}`
}

/** Ours: an invocation that did not begin in one environment is handed to another. */
export interface Retry {
  /** Which one begins now: 2 for the first retry. */
  readonly attempt: number
  readonly reason: string
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** `PLATFORM_RETRY RequestId: … Attempt: 2 Reason: env_exit Signal: 9 HandlerStarted: false` */
export function retryLine(requestId: string, retry: Retry, json: boolean, time: string): string {
  const { attempt, reason, code, signal } = retry
  const number = signal === null ? undefined : constants.signals[signal]
  if (json) {
    return platformLine(time, 'platform.retry', {
      requestId,
      attempt,
      reason,
      ...(number === undefined ? {} : { signal: number }),
      ...(code === null ? {} : { exitStatus: code }),
      handlerStarted: false,
    })
  }
  const how = number === undefined ? `ExitStatus: ${code ?? 'unknown'}` : `Signal: ${number}`
  return `PLATFORM_RETRY RequestId: ${requestId} Attempt: ${attempt} Reason: ${reason} ${how} HandlerStarted: false`
}

function jsonRecord(report: Report): object {
  const { requestId, durationMs, initMs, status, errorType } = report
  return {
    requestId,
    metrics: {
      durationMs: Number(durationMs.toFixed(3)),
      billedDurationMs: Math.ceil(durationMs + (initMs ?? 0)),
      memorySizeMB: report.memoryMb,
      maxMemoryUsedMB: report.maxMemoryUsedMb,
      ...(initMs === undefined ? {} : { initDurationMs: Number(initMs.toFixed(3)) }),
    },
    status,
    ...(errorType === undefined ? {} : { errorType }),
  }
}

function platformLine(time: string, type: string, record: object): string {
  return JSON.stringify({ time, type, record })
}
