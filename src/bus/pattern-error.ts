/** An event pattern that AWS would refuse, with its reason, in AWS's words: `Empty arrays are not allowed`. */
export class PatternError extends Error {
  override readonly name: string = 'PatternError'
}
