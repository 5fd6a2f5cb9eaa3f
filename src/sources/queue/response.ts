/**
 * Which messages of a batch failed, by what a function with `ReportBatchItemFailures` returned. A
 * response that names nothing is a success of all; one that cannot be understood, or names what was
 * not in the batch, a failure of all (awsdocs, "Reporting batch item failures for Lambda functions").
 */
export function failedIds(result: Uint8Array, batch: readonly string[]): ReadonlySet<string> {
  const all = new Set(batch)
  let response: unknown
  try {
    response = JSON.parse(Buffer.from(result).toString())
  } catch {
    return all
  }
  if (response === null) return new Set()
  if (typeof response !== 'object' || Array.isArray(response)) return all
  const failures = (response as Record<string, unknown>)['batchItemFailures'] ?? []
  if (!Array.isArray(failures)) return all
  const failed = new Set<string>()
  for (const failure of failures as unknown[]) {
    const id = identifierOf(failure)
    if (id === undefined || !all.has(id)) return all
    failed.add(id)
  }
  return failed
}

function identifierOf(failure: unknown): string | undefined {
  if (typeof failure !== 'object' || failure === null) return undefined
  const { itemIdentifier } = failure as Record<string, unknown>
  return typeof itemIdentifier === 'string' ? itemIdentifier : undefined
}
