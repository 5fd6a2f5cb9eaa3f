import { readErrors } from './admin-client.ts'
import type { Interval } from './binomial.ts'
import { analyseErrors, totalOf, type ErrorAnalysis, type Rate } from './error-analysis.ts'
import type { OutputFlags } from './options.ts'
import { tableLines } from './table.ts'

interface CheckErrorsFlags extends OutputFlags {
  readonly admin: string
}

/** `spillway check --errors`: how often the platform failed its callers, beside what Lambda did. */
export async function checkErrors(flags: CheckErrorsFlags): Promise<void> {
  const analysis = analyseErrors(await readErrors(flags.admin))
  const lines = flags.json === true ? [JSON.stringify(analysis)] : errorLines(analysis)
  process.stdout.write(lines.map((line) => `${line}\n`).join(''))
}

/** The analysis for people. */
export function errorLines(analysis: ErrorAnalysis): string[] {
  const { since, invocations, platformErrors, functionErrors, interrupted } = analysis
  const { throttled, cancelled, hiddenRetries } = analysis
  return [
    ...tableLines(
      [`since ${since}`, '', ''],
      [
        ['invocations', count(invocations), 'let in by limits, caller still there'],
        ['platform errors', count(totalOf(platformErrors)), reasons(platformErrors)],
        ['function errors', count(totalOf(functionErrors)), reasons(functionErrors)],
        ['interrupted', count(interrupted), 'begun, then their environment was taken away'],
        ['throttled', count(throttled), 'refused by limits'],
        ['callers left', count(cancelled), 'while they waited'],
        ['hidden retries', count(totalOf(hiddenRetries)), hiddenBy(hiddenRetries)],
      ],
    ),
    '',
    ...rateLines(analysis),
  ]
}

function rateLines({ invocations, platformErrorRate, aws }: ErrorAnalysis): string[] {
  if (invocations === 0) return ['nothing has been invoked yet, so there is no rate']
  const lines = tableLines(
    ['platform error rate', '', '95 % interval'],
    [
      ['here', share(platformErrorRate.value), interval(platformErrorRate)],
      ['Lambda, the article at first', share(aws.first.value), interval(aws.first)],
      ['Lambda, the article later', share(aws.later.value), interval(aws.later)],
    ],
  )
  return [...lines, verdict(invocations, platformErrorRate, aws)]
}

function verdict(invocations: number, { value, low }: Rate, aws: ErrorAnalysis['aws']): string {
  if (value === 0) {
    const bound = `none in ${count(invocations)} shows less than ${share(3 / invocations)} (rule of three)`
    if (3 / invocations <= aws.later.value) {
      return `${bound}: as good as Lambda's ${share(aws.later.value)}`
    }
    const needed = count(3 / aws.later.value)
    return `${bound}; to be as good as Lambda's ${share(aws.later.value)} takes none in ${needed}`
  }
  if (low > aws.later.high) return `worse than Lambda's ${share(aws.later.value)}`
  return `no different from Lambda's ${share(aws.later.value)} as far as these counts can tell`
}

function hiddenBy(counts: Readonly<Record<string, number>>): string {
  return totalOf(counts) === 0 ? '' : `run elsewhere, seen by no caller: ${reasons(counts)}`
}

function reasons(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([reason, each]) => `${reason} ${count(each)}`)
    .join(', ')
}

function interval({ low, high }: Interval): string {
  return `${perMillion(low)} to ${perMillion(high)} per million`
}

function perMillion(value: number): string {
  const scaled = value * 1e6
  return scaled >= 100 ? count(scaled) : String(Number(scaled.toPrecision(2)))
}

/** `2 %` while that says something, else `1 in 1,600,000`. */
function share(value: number): string {
  if (value === 0) return '0'
  return value >= 0.0001
    ? `${Number((value * 100).toPrecision(2))} %`
    : `1 in ${count(Number((1 / value).toPrecision(4)))}`
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}
