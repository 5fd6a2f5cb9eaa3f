import { parsePattern, type Pattern } from '../../bus/pattern.ts'
import { PatternError } from '../../bus/pattern-error.ts'
import type { Input } from './api.ts'
import { EventBridgeError } from './errors.ts'

/** What every event has. */
const MANDATORY = ['id', 'account', 'source', 'time', 'region', 'detail-type']

/** Whether a pattern matches an event; both come as JSON. @throws {EventBridgeError} */
export function testEventPattern({ EventPattern: json, Event: event }: Input): { Result: boolean } {
  const pattern = compile(String(json))
  return { Result: pattern.matches(parseEvent(String(event))) }
}

function compile(json: string): Pattern {
  try {
    return parsePattern(json)
  } catch (error) {
    if (!(error instanceof PatternError)) throw error
    const message = `Event pattern is not valid. Reason: ${error.message}`
    throw new EventBridgeError('InvalidEventPatternException', message)
  }
}

function parseEvent(json: string): object {
  try {
    const event: unknown = JSON.parse(json)
    if (typeof event === 'object' && event !== null && MANDATORY.every((name) => name in event)) {
      return event
    }
  } catch {
    // As for anything that is no event.
  }
  throw EventBridgeError.validation('Parameter Event is not valid.')
}
