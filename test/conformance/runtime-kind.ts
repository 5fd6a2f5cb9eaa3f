import { appOf, functionNameOf, variablesOf } from './app.ts'
import { NotBuilt, fill, type Case, type Json } from './cases.ts'
import { match } from './match.mjs'
import { parseReport, type Report } from './report-line.ts'
import { unknownKey, type Context } from './response.ts'
import type { Rig } from './rig.ts'
import { seesTaskRoot, withTaskRoot } from './task-root.ts'
import { headerValues, send, type WireResponse } from './wire.ts'

/** One invocation as the caller and the log saw it. */
interface Observed {
  readonly response: WireResponse
  readonly wallMs: number
  /** Lines since the invocation before. */
  readonly lines: readonly string[]
  readonly report: Report | undefined
}

/** All invocations of a case; `again` makes one more. */
interface Run {
  readonly all: readonly Observed[]
  readonly last: Observed
  readonly context: Context
  again(): Promise<Observed>
}

type Check = (expected: Json, run: Run) => string[] | Promise<string[]>

const CHECKS: Readonly<Record<string, Check>> = {
  status: (expected, { last, context }) =>
    match(expected, last.response.status, context, '/status'),
  payload: (expected, { last, context }) =>
    match({ $json: expected }, textOf(last), context, '/payload'),
  payloadText: (expected, { last, context }) =>
    match(expected, textOf(last), context, '/payloadText'),
  payloads: (expected, { all, context }) =>
    match(
      expected,
      all.map((one) => jsonOf(textOf(one))),
      context,
      '/payloads',
    ),
  functionError: (expected, { last, context }) =>
    match(expected, headerOf(last, 'x-amz-function-error') ?? null, context, '/functionError'),
  logMatches: (expected, { last }) =>
    missingPatterns(expected, last.lines.join('\n'), '/logMatches'),
  logNotMatches: (expected, { last }) =>
    (expected as string[])
      .filter((pattern) => new RegExp(pattern, 'm').test(last.lines.join('\n')))
      .map((pattern) => `/logNotMatches: /${pattern}/ is in the log:\n${last.lines.join('\n')}`),
  logOrder: (expected, { last }) => orderProblems(expected, last.lines),
  logJson: (expected, { last, context }) => logJsonProblems(expected, last.lines, context),
  logResultMatches: (expected, { last }) =>
    missingPatterns(expected, logResultOf(last), '/logResultMatches'),
  logResultMaxBytes: (expected, { last }) => {
    const bytes = Buffer.byteLength(logResultOf(last))
    return bytes <= expected ? [] : [`/logResultMaxBytes: want at most ${expected} got ${bytes}`]
  },
  minDurationMs: (expected, { last }) => {
    const ms = last.report?.durationMs ?? last.wallMs
    return ms >= expected ? [] : [`/minDurationMs: want at least ${expected} got ${ms}`]
  },
  maxDurationMs: (expected, { last }) =>
    last.wallMs <= expected ? [] : [`/maxDurationMs: want at most ${expected} got ${last.wallMs}`],
  report: (expected, { last, context }) => reportProblems(expected, last.report, context),
  async environmentReplaced(expected, run) {
    const { report } = await run.again()
    const replaced = report?.initMs !== undefined
    return replaced === expected ? [] : [`/environmentReplaced: want ${expected} got ${replaced}`]
  },
}

/** Kind `runtime`: a function in a real process, invoked over the Lambda API. */
export async function playRuntime(rig: Rig, one: Case): Promise<string[]> {
  const { id, input } = one
  if (!/^(?:nodejs\d|python3\.)/.test(input.runtime)) throw new NotBuilt(`runtime ${input.runtime}`)
  const folder = rig.folder(functionNameOf(id), input.files)
  if (!seesTaskRoot(one)) return await playIn(rig, one, folder)
  return await withTaskRoot(folder, (taskRoot) => playIn(rig, one, taskRoot))
}

async function playIn(
  rig: Rig,
  { id, input, expected }: Case,
  taskRoot: string,
): Promise<string[]> {
  const name = functionNameOf(id)
  rig.spillway.reload(appOf([functionOf(name, taskRoot, input)]))
  const payloads: Json[] =
    input.payloads ?? Array.from({ length: input.invokeTimes ?? 1 }, () => input.payload)
  const all: Observed[] = []
  const again = async (): Promise<Observed> => {
    const payload = payloads[Math.min(all.length, payloads.length - 1)]
    const observed = await invoke(rig, name, payload, input.logType)
    all.push(observed)
    return observed
  }
  for (const _ of payloads) await again()
  const seen = [...all]
  const last = seen.at(-1)
  if (last === undefined) return ['the case has no payload']
  const requestId = headerOf(last, 'x-amzn-requestid') ?? ''
  const run = { all: seen, last, context: { vars: { ...variablesOf(name), requestId } }, again }
  const problems: string[] = []
  for (const [key, value] of Object.entries(expected)) {
    problems.push(...((await CHECKS[key]?.(value, run)) ?? [unknownKey(key)]))
  }
  return problems
}

function functionOf(
  name: string,
  taskRoot: string,
  input: Json,
): Parameters<typeof appOf>[0][number] {
  return {
    name,
    taskRoot,
    runtime: input.runtime,
    handler: input.handler,
    timeoutMs: (input.timeout ?? 30) * 1000,
    memoryMb: input.memorySize ?? 128,
    environment: fill(input.environment ?? {}, variablesOf(name)),
    logFormat: input.logFormat ?? 'Text',
  }
}

async function invoke(
  rig: Rig,
  name: string,
  payload: Json,
  logType: string | undefined,
): Promise<Observed> {
  const { aws } = rig.spillway.urls
  if (aws === undefined) throw new Error('the AWS endpoint is not listened on')
  const lines = rig.tape.of(name)
  const linesBefore = lines.length
  const reportsBefore = lines.filter((line) => line.startsWith('REPORT ')).length
  const startMs = performance.now()
  const response = await send(aws, {
    method: 'POST',
    target: `/2015-03-31/functions/${name}/invocations`,
    headers: logType === undefined ? [] : [['X-Amz-Log-Type', logType]],
    body: payload?.$raw ?? JSON.stringify(fill(payload, variablesOf(name))) ?? '',
  })
  const wallMs = performance.now() - startMs
  await rig.tape.reports(name, reportsBefore + 1)
  const own = lines.slice(linesBefore)
  const report = own.findLast((line) => line.startsWith('REPORT '))
  return {
    response,
    wallMs,
    lines: own,
    report: report === undefined ? undefined : parseReport(report),
  }
}

function textOf({ response }: Observed): string {
  return response.body.toString()
}

function jsonOf(text: string): Json {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function headerOf({ response }: Observed, name: string): string | undefined {
  return headerValues(response, name)[0]
}

function logResultOf(one: Observed): string {
  return Buffer.from(headerOf(one, 'x-amz-log-result') ?? '', 'base64').toString()
}

function missingPatterns(patterns: readonly string[], text: string, at: string): string[] {
  return patterns
    .filter((pattern) => !new RegExp(pattern, 'm').test(text))
    .map((pattern) => `${at}: nothing matches /${pattern}/ in:\n${text}`)
}

function orderProblems(words: readonly string[], lines: readonly string[]): string[] {
  let from = 0
  for (const word of words) {
    const at = lines.findIndex((line, i) => i >= from && line.includes(word))
    if (at === -1)
      return [`/logOrder: no "${word}" from line ${from + 1} on in:\n${lines.join('\n')}`]
    from = at + 1
  }
  return []
}

/** Each expected record must be among the lines that are JSON. */
function logJsonProblems(expected: Json, lines: readonly string[], context: Context): string[] {
  const records = lines.map(jsonOf).filter((record) => typeof record === 'object')
  const wanted: Json[] = Array.isArray(expected) ? expected : [expected]
  return wanted
    .filter((one) => !records.some((record) => match(one, record, context).length === 0))
    .map((one) => `/logJson: no line is ${JSON.stringify(one)} in:\n${lines.join('\n')}`)
}

/** `$ceilOf` names other fields of the line, so the matcher, which sees one value, cannot check it. */
function reportProblems(expected: Json, report: Report | undefined, context: Context): string[] {
  if (report === undefined) return ['/report: there is no REPORT line']
  const fields: Readonly<Record<string, Json>> = { ...report }
  return Object.entries(expected as Record<string, Json>).flatMap(([key, value]) => {
    const parts: string[] | undefined = value?.$ceilOf
    if (parts === undefined) return match(value, fields[key], context, `/report/${key}`)
    // Hundredths of a millisecond are whole numbers; summed as floats they can land above one.
    const sum = parts.reduce((hundredths, part) => hundredths + Math.round(fields[part] * 100), 0)
    const want = Math.ceil(sum / 100)
    return fields[key] === want ? [] : [`/report/${key}: want ${want} got ${fields[key]}`]
  })
}
