import { loadApp } from '../manifest/load.ts'
import type { App } from '../model/app.ts'
import { causeProblems } from '../sources/causes.ts'
import type { ManifestFlags } from './options.ts'

/** The App that a command's paths and flags name; without a path, that of the current folder. */
export async function readApp(paths: readonly string[], flags: ManifestFlags): Promise<App> {
  const { config, stage, region, param, envFile, redis } = flags
  const app = await loadApp({
    paths: paths.length === 0 ? ['.'] : paths,
    env: process.env,
    check: causeProblems,
    ...(config === undefined ? {} : { config }),
    ...(stage === undefined ? {} : { stage }),
    ...(region === undefined ? {} : { region }),
    ...(param === undefined ? {} : { params: param }),
    ...(envFile === undefined ? {} : { envFile }),
  })
  return redis === undefined ? app : { ...app, redis }
}
