import type { LambdaContext } from './operation.ts'

/** What a version or alias has provisioned; undefined where it has nothing of its own. */
export function provisionedHere(
  { limits }: Pick<LambdaContext, 'limits'>,
  functionName: string,
  qualifier: string,
): number | undefined {
  const versions = limits.current().functions[functionName]?.versions ?? {}
  return Object.hasOwn(versions, qualifier)
    ? versions[qualifier]?.provisionedConcurrency
    : undefined
}

/**
 * How far the `count` environments of a version or alias are. All versions of a function share its
 * environments; for the answer they are dealt out in order, the function's own first.
 */
export function provisionedStatus(
  context: LambdaContext,
  functionName: string,
  qualifier: string,
  count: number,
): Record<string, unknown> {
  const { ready, failing } = context.warmth(functionName) ?? { ready: 0, failing: false }
  const allocated = Math.max(0, Math.min(count, ready - before(context, functionName, qualifier)))
  const status = allocated === count ? 'READY' : failing ? 'FAILED' : 'IN_PROGRESS'
  return {
    RequestedProvisionedConcurrentExecutions: count,
    AvailableProvisionedConcurrentExecutions: allocated,
    AllocatedProvisionedConcurrentExecutions: allocated,
    Status: status,
    ...(status === 'FAILED' ? { StatusReason: 'FUNCTION_ERROR_INIT_FAILURE' } : {}),
    LastModified: toIso(context.registry.provisionedMs(functionName, qualifier)),
  }
}

/** What comes before this one when environments are dealt out. */
function before({ limits }: LambdaContext, functionName: string, qualifier: string): number {
  const { provisionedConcurrency = 0, versions = {} } =
    limits.current().functions[functionName] ?? {}
  let sum = provisionedConcurrency
  for (const [each, version] of Object.entries(versions)) {
    if (each === qualifier) break
    sum += version.provisionedConcurrency
  }
  return sum
}

/** `2026-11-25T02:26:50+0000`, as AWS writes it here. */
function toIso(wallMs: number): string {
  return new Date(wallMs).toISOString().replace(/\.\d+Z$/, '+0000')
}
