import { once } from 'node:events'
import { watch } from 'chokidar'
import { SpillwayError } from '../lib/errors.ts'
import type { App } from '../model/app.ts'

/** Editors save in several steps; they become one reload. */
const SETTLE_MS = 50

/** Dependencies change by an install and not by an edit. */
const IGNORED =
  /(?:^|[/\\])(?:node_modules|\.git|\.spillway|\.serverless|\.?venv|__pycache__)(?:[/\\]|$)/

/**
 * Sources and what describes them. Everything else in a service's folder may be data or a log that
 * the functions, or we, write: reloading for it would never end.
 */
const SOURCE =
  /(?:\.[cm]?[jt]sx?|\.py|\.ya?ml|(?:^|[/\\])(?:\.env[^/\\]*|(?:package|tsconfig)\.json))$/

/**
 * Calls `reload` when a file of the App changes, one call at a time; what it returns is watched from
 * then on. A reload that fails is said and the running App goes on. Resolves once no change can be
 * missed any more, with what stops it.
 */
export async function watchApp(
  app: App,
  reload: () => Promise<App>,
  say: (line: string) => void,
): Promise<() => Promise<void>> {
  const folders = app.services.map(({ directory }) => directory)
  const read = new Set<string>()
  const watcher = watch(folders, {
    ignored: (path, stats) =>
      IGNORED.test(path) || (stats?.isFile() === true && !read.has(path) && !SOURCE.test(path)),
    ignoreInitial: true,
  })
  const watchFiles = ({ files }: App): void => {
    for (const file of files) read.add(file)
    watcher.add([...files])
  }
  watchFiles(app)
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()

  const run = async (): Promise<void> => {
    const sinceMs = performance.now()
    try {
      watchFiles(await reload())
      say(`reloaded in ${Math.round(performance.now() - sinceMs)} ms`)
    } catch (error) {
      if (!SpillwayError.is(error)) throw error
      say(`${error.message}\nnot reloaded: what ran before goes on`)
    }
  }
  watcher.on('all', (event) => {
    if (event === 'addDir') return
    clearTimeout(timer)
    timer = setTimeout(() => {
      running = running.then(run)
    }, SETTLE_MS)
  })
  await once(watcher, 'ready')
  return async () => {
    clearTimeout(timer)
    await watcher.close()
    await running
  }
}
