import { join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import type { Files } from './files.ts'

/** Variables by name, as `process.env`. */
export type Variables = Readonly<Record<string, string | undefined>>

/**
 * Serverless's `useDotenv`: `.env.{stage}` where there is one, else `.env`; never both
 * (osls, `lib/cli/load-dotenv.js`). What the environment already has wins.
 */
export function loadDotenv(directory: string, stage: string, files: Files): Variables {
  const text = files.read(join(directory, `.env.${stage}`)) ?? files.read(join(directory, '.env'))
  return text === undefined ? {} : parseDotenv(text)
}

/**
 * serverless-dotenv-plugin's files, where `custom.dotenv.path` names none: `.env`, `.env.local`,
 * `.env.{name}` and `.env.{name}.local`, each winning over those before it (its README, "Automatic
 * ENV File Resolution").
 */
export function loadDotenvPlugin(
  directory: string,
  name: string,
  files: Files,
  path?: string,
): Variables {
  if (path !== undefined) return parseDotenv(files.read(resolve(directory, path)) ?? '')
  const suffixes = ['', ...(name === 'test' ? [] : ['.local']), `.${name}`, `.${name}.local`]
  const texts = suffixes.map((suffix) => files.read(join(directory, `.env${suffix}`)))
  return Object.assign({}, ...texts.filter((text) => text !== undefined).map(parseDotenv))
}

/** `A=1` lines; `${A}` in a value stands for a variable of the same file or nothing. */
export function parseDotenv(text: string): Variables {
  const raw = parseEnv(text)
  const expand = (value: string): string =>
    value.replace(/(?<!\\)\$\{(\w+)\}/g, (_, name: string) => raw[name] ?? '')
  return Object.fromEntries(Object.entries(raw).map(([name, value]) => [name, expand(value ?? '')]))
}
