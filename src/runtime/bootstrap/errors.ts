import { stringifyJson } from './own.ts'

/** The error JSON of Lambda's Node runtime: `error.name` decides, not the class (its Errors.js). */
export interface ErrorJson {
  readonly errorType: string
  readonly errorMessage: string
  readonly trace: readonly string[]
}

export function toErrorJson(error: unknown): ErrorJson {
  try {
    return read(error)
  } catch {
    // A getter that throws, a revoked proxy, an object without `toString`.
    return { errorType: typeof error, errorMessage: 'the error cannot be read', trace: [] }
  }
}

function read(error: unknown): ErrorJson {
  if (!isErrorLike(error)) {
    return { errorType: typeof error, errorMessage: String(error), trace: [] }
  }
  // Whatever they are called, they may be anything.
  const { name, message, stack = '' }: { [Key in keyof Error]: unknown } = error
  return {
    errorType: String(name),
    errorMessage: shorten(String(message)),
    trace: shorten(String(stack)).split('\n'),
  }
}

/** More than anybody reads, and than a response may hold. */
const TEXT_CHARS_MAX = 256 * 1024

function shorten(text: string): string {
  return text.length > TEXT_CHARS_MAX ? `${text.slice(0, TEXT_CHARS_MAX)}…` : text
}

/** What the log says beside `Invoke Error`: the error's own properties too. */
export function toErrorLog(error: unknown): string {
  const { errorType, errorMessage, trace } = toErrorJson(error)
  try {
    const own = isErrorLike(error) ? Object.fromEntries(Object.entries(error)) : {}
    return stringifyJson({ errorType, errorMessage, ...own, stack: trace }) ?? ''
  } catch {
    return stringifyJson({ errorType, errorMessage, stack: trace }) ?? ''
  }
}

/** Errors of another realm (`vm`, jsdom) are errors too. */
function isErrorLike(value: unknown): value is Error {
  if (value instanceof Error) return true
  return Object.prototype.toString.call(value) === '[object Error]'
}
