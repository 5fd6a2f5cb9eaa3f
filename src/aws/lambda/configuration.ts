import type { FunctionDefinition } from '../../model/app.ts'
import { LATEST, type Version } from './registry.ts'

/** Lambda's default, in MB. */
const EPHEMERAL_STORAGE_MB = 512

/**
 * A function as `GetFunctionConfiguration` shows it. What a deployed function has and one on this
 * machine has not (role, size and hash of a package, revision) is left out, not made up. A version is
 * a name for what runs now, so that it shows the configuration of now, under its own description.
 */
export function toConfiguration(
  fn: FunctionDefinition,
  arn: string,
  version?: Version,
): Record<string, unknown> {
  return {
    FunctionName: fn.name,
    FunctionArn: arn,
    Runtime: fn.runtime,
    Handler: fn.handler,
    Description: version?.description ?? fn.description,
    Timeout: fn.timeoutMs / 1000,
    MemorySize: fn.memoryMb,
    Version: version?.number ?? LATEST,
    ...(version === undefined ? {} : { LastModified: toIso(version.publishedMs) }),
    ...environmentOf(fn),
    TracingConfig: { Mode: 'PassThrough' },
    State: 'Active',
    LastUpdateStatus: 'Successful',
    PackageType: 'Zip',
    Architectures: [process.arch === 'arm64' ? 'arm64' : 'x86_64'],
    EphemeralStorage: { Size: EPHEMERAL_STORAGE_MB },
    SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
    LoggingConfig: { LogFormat: fn.logFormat, LogGroup: `/aws/lambda/${fn.name}` },
  }
}

/**
 * Variables often hold secrets, and nobody has shown a signature: they are withheld, in the form that
 * AWS has for variables it could not decrypt. A function without any has no `Environment` at all.
 */
function environmentOf({ environment }: FunctionDefinition): Record<string, unknown> {
  if (Object.keys(environment).length === 0) return {}
  const Message = 'Spillway shows environment variables to nobody until requests are authenticated.'
  return { Environment: { Error: { ErrorCode: 'AccessDeniedException', Message } } }
}

/** `2026-11-25T02:26:50.000+0000`, as AWS writes it here. */
function toIso(wallMs: number): string {
  return new Date(wallMs).toISOString().replace('Z', '+0000')
}
