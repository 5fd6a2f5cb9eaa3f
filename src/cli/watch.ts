import { watch } from 'chokidar'
import { SpillwayError } from '../lib/errors.ts'
import type { App } from '../model/app.ts'

/** Editors save in several steps; they become one reload. */
const SETTLE_MS = 50

/** Dependencies change by an install and not by an edit; the rest is written, not read. */
const IGNORED =
  /(?:^|[/\\])(?:node_modules|\.git|\.spillway|\.serverless|\.data|coverage)(?:[/\\]|$)/

/**
 * Calls `reload` when a file of the App changes, one call at a time. A reload that fails is said and
 * the running App goes on. Returns what stops it.
 */
export function watchApp(
  app: App,
  reload: () => Promise<void>,
  say: (line: string) => void,
): () => Promise<void> {
  const folders = app.services.map(({ directory }) => directory)
  const watcher = watch([...folders, ...app.files], {
    ignored: (path) => IGNORED.test(path),
    ignoreInitial: true,
  })
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()

  const run = async (): Promise<void> => {
    const sinceMs = performance.now()
    try {
      await reload()
      say(`reloaded in ${Math.round(performance.now() - sinceMs)} ms`)
    } catch (error) {
      if (!SpillwayError.is(error)) throw error
      say(`${error.message}\nnot reloaded: what ran before goes on`)
    }
  }
  watcher.on('all', () => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      running = running.then(run)
    }, SETTLE_MS)
  })
  return async () => {
    clearTimeout(timer)
    await watcher.close()
    await running
  }
}
