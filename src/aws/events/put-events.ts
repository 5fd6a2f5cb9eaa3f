import { nameOf } from '../../bus/topics.ts'
import { toSeconds } from '../../events/scheduled.ts'
import type { BusEvent } from '../../bus/rules.ts'
import type { EventsContext, Input } from './api.ts'
import { EventBridgeError } from './errors.ts'

const ENTRIES_MAX = 10
const ENTRIES_BYTES_MAX = 262_144
/** AWS's count of an entry's `Time`. */
const TIME_BYTES = 14

type Result =
  | { readonly EventId: string }
  | { readonly ErrorCode: string; readonly ErrorMessage: string }

/** Puts up to ten events, each for itself. @throws {EventBridgeError} for the request as a whole. */
export async function putEvents(input: Input, context: EventsContext): Promise<unknown> {
  const entries = entriesOf(input)
  const results = await Promise.all(entries.map(async (entry) => await putEntry(entry, context)))
  return {
    FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length,
    Entries: results,
  }
}

function entriesOf({ Entries: entries }: Input): readonly Input[] {
  if (!Array.isArray(entries) || entries.length === 0) {
    throw EventBridgeError.validation(
      "1 validation error detected: Value '[]' at 'entries' failed to satisfy constraint: Member must have length greater than or equal to 1",
    )
  }
  if (entries.length > ENTRIES_MAX) {
    throw EventBridgeError.validation(
      `1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length less than or equal to ${ENTRIES_MAX}`,
    )
  }
  const list = entries as readonly Input[]
  if (list.reduce((sum, entry) => sum + bytesOf(entry), 0) > ENTRIES_BYTES_MAX) {
    throw EventBridgeError.tooLarge()
  }
  return list
}

/** AWS, "Calculating PutEvents event entry size". */
function bytesOf({
  Time: time,
  Source: source,
  DetailType: detailType,
  Detail: detail,
  Resources: resources,
}: Input): number {
  const texts = [source, detailType, detail, ...(Array.isArray(resources) ? resources : [])]
  return texts.reduce(
    (sum: number, text) => sum + (typeof text === 'string' ? Buffer.byteLength(text) : 0),
    time === undefined ? 0 : TIME_BYTES,
  )
}

async function putEntry(entry: Input, context: EventsContext): Promise<Result> {
  const event = toEvent(entry, context)
  if ('ErrorCode' in event) return event
  try {
    return { EventId: await context.notifications.putEvent(event) }
  } catch (error) {
    return { ErrorCode: 'InternalFailure', ErrorMessage: (error as Error).message }
  }
}

function toEvent(
  entry: Input,
  { clock }: EventsContext,
): BusEvent | Extract<Result, { ErrorCode: string }> {
  const { Source: source, DetailType: detailType, Detail: detail, EventBusName: bus } = entry
  if (!isText(source)) return missing('Source')
  if (!isText(detailType)) return missing('DetailType')
  if (!isText(detail)) return missing('Detail')
  if (source.startsWith('aws.')) {
    return {
      ErrorCode: 'NotAuthorizedForSourceException',
      ErrorMessage: 'Not authorized for the source.',
    }
  }
  const parsed = objectOf(detail)
  if (parsed === undefined) {
    return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' }
  }
  const { Time: time, Resources: resources } = entry
  return {
    bus: isText(bus) ? busNameOf(bus) : 'default',
    source,
    detailType,
    detail: parsed,
    resources: Array.isArray(resources) ? resources.map(String) : [],
    time: toSeconds(timeOf(time) ?? clock.wallMs()),
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function missing(name: string): Extract<Result, { ErrorCode: string }> {
  const ErrorMessage = `Parameter ${name} is not valid. Reason: ${name} is a required argument.`
  return { ErrorCode: 'InvalidArgument', ErrorMessage }
}

/** `arn:aws:events:…:event-bus/orders`, or a name. */
function busNameOf(bus: string): string {
  return bus.startsWith('arn:') ? nameOf(bus).replace(/^event-bus\//, '') : bus
}

/** SDKs send seconds since 1970, the CLI may send a text. */
function timeOf(time: unknown): number | undefined {
  const ms = typeof time === 'number' ? time * 1000 : isText(time) ? Date.parse(time) : Number.NaN
  return Number.isFinite(ms) && Math.abs(ms) <= 8.64e15 ? ms : undefined
}

function objectOf(json: string): object | undefined {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}
