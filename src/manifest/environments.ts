import type { App } from '../model/app.ts'
import { child, oneOf, settings, wholeNumber } from './read.ts'
import { reportUnknown } from './limit-words.ts'
import type { Section } from './spillway-yml.ts'

const CREDENTIALS = ['none', 'inherit'] as const
/** More started interpreters than this for each kind would only take memory. */
const SPARES = { min: 0, max: 64 }
const DEFAULT_SPARES = 1

/** What sections say about all environments; the last that says something has the last word. */
export function readEnvironments(
  sections: readonly Section[],
): Pick<App, 'credentials' | 'spares'> {
  const read = sections.map((section) => ({
    credentials: readCredentials(section),
    spares: readSpares(section),
  }))
  const last = <K extends 'credentials' | 'spares'>(field: K) =>
    read.findLast((each) => each[field] !== undefined)?.[field]
  return { credentials: last('credentials') ?? 'none', spares: last('spares') ?? DEFAULT_SPARES }
}

function readCredentials(section: Section): App['credentials'] | undefined {
  const node = child(section, section.node, 'credentials')
  return oneOf(section, node, 'credentials', CREDENTIALS)
}

/** `environments: { spares: 2 }`. */
function readSpares(section: Section): number | undefined {
  const node = child(section, section.node, 'environments')
  let spares: number | undefined
  for (const setting of settings(section, node, 'environments')) {
    if (setting.key === 'spares') spares = wholeNumber(section, setting.value, 'spares', SPARES)
    else reportUnknown(section, setting, { known: ['spares'], later: [] })
  }
  return spares
}
