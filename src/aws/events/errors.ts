/** What EventBridge refuses as a whole: status 400. */
export class EventBridgeError extends Error {
  override readonly name: string = 'EventBridgeError'
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }

  static validation(message: string): EventBridgeError {
    return new EventBridgeError('ValidationException', message)
  }

  static tooLarge(): EventBridgeError {
    return EventBridgeError.validation(
      'Total size of the entries in the request is over the limit.',
    )
  }
}
