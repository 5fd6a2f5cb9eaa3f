/** What a field of a cron expression may hold: numbers, or names in their order from `min` on. */
export interface Range {
  readonly min: number
  readonly max: number
  readonly names?: readonly string[]
}

/** The numbers a part such as `5`, `MON-FRI`, `*` or `0/15` stands for; undefined where it is none. */
export function numbersOf(part: string, range: Range): number[] | undefined {
  const [base = '', step, ...rest] = part.split('/')
  if (rest.length > 0) return undefined
  const by = step === undefined ? 1 : wholeOf(step)
  if (by === undefined || by < 1) return undefined
  const ends = endsOf(base, step !== undefined, range)
  return ends && counted(ends, by, range)
}

/** A number or a name, in bounds. */
export function numberOf(text: string, { min, max, names = [] }: Range): number | undefined {
  const name = names.indexOf(text.toUpperCase())
  const value = name < 0 ? wholeOf(text) : min + name
  return value !== undefined && value >= min && value <= max ? value : undefined
}

function wholeOf(text: string): number | undefined {
  return /^\d{1,4}$/.test(text) ? Number(text) : undefined
}

type Ends = readonly [from: number, to: number]

/** With a step a single number is where it begins: `10/20` are 10, 30 and 50. */
function endsOf(base: string, hasStep: boolean, range: Range): Ends | undefined {
  if (base === '*') return [range.min, range.max]
  const [first = '', last, ...rest] = base.split('-')
  const from = numberOf(first, range)
  const to = last === undefined ? undefined : numberOf(last, range)
  if (from === undefined || rest.length > 0) return undefined
  if (last === undefined) return [from, hasStep ? range.max : from]
  return to === undefined ? undefined : [from, to]
}

/** `FRI-MON` goes over the end of the week, `22-2` over midnight. */
function counted([from, to]: Ends, by: number, { min, max }: Range): number[] {
  const span = max - min + 1
  const length = to >= from ? to - from : to - from + span
  const numbers: number[] = []
  for (let at = 0; at <= length; at += by) numbers.push(min + ((from - min + at) % span))
  return numbers
}
