/** A REPORT line, read. Fields that the line does not have are absent. */
export interface Report {
  readonly requestId: string
  readonly durationMs: number
  readonly billedMs: number
  readonly memorySizeMb: number
  readonly maxMemoryUsedMb: number
  readonly initMs?: number
  readonly status?: string
  readonly errorType?: string
}

/** Reads the tab-separated line that Lambda writes at the end of each invocation. */
export function parseReport(line: string): Report {
  const fields = new Map(
    line
      .replace(/^REPORT /, '')
      .split('\t')
      .filter((field) => field.includes(': '))
      .map((field) => field.split(': ') as [string, string]),
  )
  const number = (name: string): number => Number.parseFloat(fields.get(name) ?? 'NaN')
  const init = fields.has('Init Duration') ? { initMs: number('Init Duration') } : {}
  const status = fields.get('Status')
  const errorType = fields.get('Error Type')
  return {
    requestId: fields.get('RequestId') ?? '',
    durationMs: number('Duration'),
    billedMs: number('Billed Duration'),
    memorySizeMb: number('Memory Size'),
    maxMemoryUsedMb: number('Max Memory Used'),
    ...init,
    ...(status === undefined ? {} : { status }),
    ...(errorType === undefined ? {} : { errorType }),
  }
}
