/** An error with the name that Lambda's runtime gives it. */
export function namedError(name: string, message: string): Error {
  const error = new Error(message)
  // Not enumerable: the log shows an error's own properties.
  Object.defineProperty(error, 'name', { value: name })
  error.stack = `${name}: ${message}`
  return error
}
