import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { ManifestError, formatProblem, type Problem } from '../../src/lib/errors.ts'
import { loadApp, type LoadOptions } from '../../src/manifest/load.ts'
import type { App } from '../../src/model/app.ts'

/** Files of a service, by path; the usual ones are there when a test does not name them. */
export type Files = Readonly<Record<string, string>>

const USUAL: Files = { 'h.js': 'exports.handler = async () => {}' }

interface Loaded {
  readonly app?: App
  /** `serverless.yml:3:5  expected …`, without the folder. */
  readonly errors: readonly string[]
  readonly notes: readonly string[]
}

/** Loads a throw-away folder of files; paths of `options` are relative to it. */
export async function tryLoad(files: Files, options: Partial<LoadOptions> = {}): Promise<Loaded> {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-manifest-'))
  const shown = (problems: readonly Problem[]): string[] =>
    problems.map((each) =>
      formatProblem(each).replaceAll(`${relative(process.cwd(), folder)}/`, ''),
    )
  try {
    for (const [path, text] of Object.entries({ ...USUAL, ...files })) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    const paths = (options.paths ?? ['.']).map((path) => path && join(folder, path))
    const named = Object.entries({ config: options.config, envFile: options.envFile })
    const inside = named.flatMap(([key, path]) => (path ? [[key, join(folder, path)]] : []))
    const app = await loadApp({ env: {}, ...options, ...Object.fromEntries(inside), paths })
    return { app, errors: [], notes: shown(app.notes) }
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error
    return { errors: shown(error.problems), notes: [] }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** The same where nothing may be wrong. */
export async function load(files: Files, options: Partial<LoadOptions> = {}): Promise<App> {
  const { app, errors } = await tryLoad(files, options)
  if (app === undefined) throw new Error(`expected it to load:\n${errors.join('\n')}`)
  return app
}

/** A serverless.yml of one function `a`, with more lines of the function, the provider or the top. */
export function oneFunction(lines: { fn?: string; provider?: string; top?: string }): string {
  return `service: s
provider:
  name: aws
${indented(lines.provider, '  ')}
functions:
  a:
    handler: h.handler
${indented(lines.fn, '    ')}
${lines.top ?? ''}
`
}

function indented(text: string | undefined, by: string): string {
  return text === undefined ? '' : text.replace(/^/gm, by)
}
