/** `arn:aws:lambda:us-east-1:123456789012:function:leads-dev-postLead`. */
export function functionArn(region: string, accountId: string, functionName: string): string {
  return `arn:aws:lambda:${region}:${accountId}:function:${functionName}`
}

/** `arn:aws:sqs:us-east-1:123456789012:leads`. */
export function queueArn(region: string, accountId: string, name: string): string {
  return `arn:aws:sqs:${region}:${accountId}:${name}`
}

/** The account that ARNs name where none is configured. */
export const DEFAULT_ACCOUNT_ID = '123456789012'

/** A function as the Lambda API's path names it: name, `name:qualifier`, partial or full ARN. */
export interface FunctionReference {
  readonly name: string
  readonly qualifier?: string
  /** Only where the reference was a full ARN. */
  readonly region?: string
}

const REFERENCE =
  /^(?:(?:arn:aws[a-z-]*:lambda:([a-z0-9-]+):)?(?:\d{12}:)(?:function:)?)?([A-Za-z0-9_-]+)(?::(\$LATEST|[A-Za-z0-9_-]+))?$/

/** Reads a `FunctionName` path segment, already percent-decoded; undefined when it is none. */
export function parseFunctionReference(text: string): FunctionReference | undefined {
  const match = REFERENCE.exec(text)
  if (match === null) return undefined
  const [, region, name = '', qualifier] = match
  return {
    name,
    ...(qualifier === undefined ? {} : { qualifier }),
    ...(region === undefined ? {} : { region }),
  }
}
