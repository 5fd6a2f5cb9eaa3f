import type { AsyncConfig } from '../model/background.ts'
import { functionArn } from '../model/arn.ts'
import { DEFAULT_ACCOUNT_ID } from '../model/arn.ts'
import type { DeclaredFunction } from './functions.ts'
import type { Manifest } from './manifest.ts'
import { child, ifKnown, oneOf, wholeNumber } from './read.ts'
import { readArn } from './arn.ts'
import { noteSlips } from './slips.ts'
import type { Node } from './tree.ts'

const RETRIES = { min: 0, max: 2 }
const AGE_S = { min: 60, max: 21_600, unit: 'seconds' }
const DESTINATIONS = ['sqs', 'sns', 'lambda', 'events']

/**
 * What a function says of its events: `maximumRetryAttempts`, `maximumEventAge`, `destinations`,
 * `onError`. Undefined where it says nothing.
 */
export function readAsyncConfig(
  manifest: Manifest,
  declared: DeclaredFunction,
  all: readonly DeclaredFunction[],
): AsyncConfig | undefined {
  const { node, definition } = declared
  const setting = (key: string): Node | undefined => {
    return ifKnown(manifest, child(manifest, node, key), `${key} of ${definition.key}`)
  }
  const retries = wholeNumber(
    manifest,
    setting('maximumRetryAttempts'),
    'maximumRetryAttempts',
    RETRIES,
  )
  const ageS = wholeNumber(manifest, setting('maximumEventAge'), 'maximumEventAge', AGE_S)
  const destinations = setting('destinations')
  if (destinations?.kind === 'map') {
    const owner = `${definition.key}: destinations`
    noteSlips(manifest.report, owner, destinations, ['onSuccess', 'onFailure'])
  }
  const side = (key: string): string | undefined => {
    const written = child(manifest, destinations, key)
    return readDestination(manifest, written, `${key} of ${definition.key}`, all)
  }
  const onSuccess = side('onSuccess')
  const onFailure = side('onFailure')
  const onError = `onError of ${definition.key}`
  const deadLetter = readArn(manifest, child(manifest, node, 'onError'), onError, ['sqs', 'sns'])
  const said = [retries, ageS, onSuccess, onFailure, deadLetter]
  if (said.every((each) => each === undefined)) return undefined
  return {
    retryAttempts: retries ?? RETRIES.max,
    eventAgeMaxMs: (ageS ?? AGE_S.max) * 1000,
    ...(onSuccess === undefined ? {} : { onSuccess }),
    ...(onFailure === undefined ? {} : { onFailure }),
    ...(deadLetter === undefined ? {} : { deadLetter }),
    delivery: 'at-least-once',
  }
}

const TYPES = ['sns', 'sqs', 'eventBus', 'function'] as const

/** A function of this service by its key, an ARN, or `{type: sqs, arn: …}`. */
function readDestination(
  manifest: Manifest,
  node: Node | undefined,
  what: string,
  all: readonly DeclaredFunction[],
): string | undefined {
  if (node?.kind === 'scalar') {
    const named = all.find(({ definition }) => definition.key === node.value)
    if (named !== undefined) {
      return functionArn(manifest.region, DEFAULT_ACCOUNT_ID, named.definition.name)
    }
  }
  if (node?.kind !== 'map') return readArn(manifest, node, what, DESTINATIONS)
  oneOf(manifest, child(manifest, node, 'type'), `the type of ${what}`, TYPES)
  return readArn(manifest, child(manifest, node, 'arn') ?? node, what, DESTINATIONS)
}
