import { formatProblem } from '../lib/errors.ts'
import { explainLimits, type LimitsExplanation } from '../gate/limits/explain.ts'
import type { App } from '../model/app.ts'
import { routeLines, summaryOf } from './describe.ts'
import { explainLines } from './explain-lines.ts'
import type { ManifestFlags, OutputFlags } from './options.ts'
import { readApp } from './read-app.ts'

interface CheckFlags extends ManifestFlags, OutputFlags {
  readonly strict?: boolean
}

const FOUND_PROBLEMS = 3

/** `spillway check`: what the manifests say, as Spillway understands it. */
export async function check(paths: readonly string[], flags: CheckFlags): Promise<void> {
  const app = await readApp(paths, flags)
  const explained = explainLimits(app.limits)
  const text = flags.json === true ? JSON.stringify(toJson(app, explained)) : toText(app, explained)
  process.stdout.write(`${text}\n`)
  const problems = app.notes.length + explained.warnings.length
  if (flags.strict === true && problems > 0) process.exitCode = FOUND_PROBLEMS
}

function toText(app: App, explained: LimitsExplanation): string {
  return [
    `  ${summaryOf(app)}`,
    ...routeLines(app),
    ...explainLines(explained).map((line) => `  ${line}`),
    ...app.notes.map((note) => `  note  ${formatProblem(note)}`),
  ].join('\n')
}

function toJson(app: App, explained: LimitsExplanation): object {
  return {
    functions: app.functions.map(({ name, key, runtime, handler }) => ({
      name,
      key,
      runtime,
      handler,
    })),
    routes: app.apis.flatMap(({ front, stage, routes }) =>
      routes.map(({ method, path, functionName, throttle }) => ({
        front,
        stage,
        method,
        path,
        functionName,
        throttle,
      })),
    ),
    limits: app.limits,
    explained,
    notes: app.notes.map(({ place, message }) => ({ ...place, message })),
  }
}
