import { DEFAULT_ASYNC, type AsyncConfig } from '../../model/background.ts'

/** What an event invoke configuration says: only what was given. */
export type EventInvokeConfig = Partial<
  Pick<AsyncConfig, 'retryAttempts' | 'eventAgeMaxMs' | 'onSuccess' | 'onFailure'>
>

/** A configuration as it was set. */
export interface SetConfig {
  readonly config: EventInvokeConfig
  /** Milliseconds since 1970. */
  readonly modifiedMs: number
}

/**
 * What becomes of events, by function and qualifier: what the manifest says of `$LATEST`, until the
 * Lambda API says something else.
 */
export interface AsyncConfigs {
  /** Takes what the manifests say; what was set through the API stays. */
  configure(given: Readonly<Record<string, AsyncConfig>>): void
  /** What holds for an event. */
  of(functionName: string, qualifier: string | undefined): AsyncConfig
  /** What was said, by manifest or API; undefined where nothing was. */
  get(functionName: string, qualifier: string | undefined): SetConfig | undefined
  /** By qualifier, in order. */
  list(functionName: string): readonly { readonly qualifier: string; readonly set: SetConfig }[]
  set(functionName: string, qualifier: string | undefined, config: EventInvokeConfig): SetConfig
  /** False where there was none. */
  delete(functionName: string, qualifier: string | undefined): boolean
}

const LATEST = '$LATEST'

export function createAsyncConfigs(wallMs: () => number): AsyncConfigs {
  /** `null`: the API has taken away what the manifest says. */
  const changed = new Map<string, SetConfig | null>()
  let manifest = new Map<string, SetConfig>()
  /** What no event invoke configuration speaks of: the function has it, whatever its qualifier. */
  let functions: Readonly<Record<string, AsyncConfig>> = {}
  const get = (functionName: string, qualifier?: string): SetConfig | undefined => {
    const key = keyOf(functionName, qualifier)
    const set = changed.get(key)
    return set === undefined ? manifest.get(key) : (set ?? undefined)
  }
  return {
    configure(given) {
      const modifiedMs = wallMs()
      const entries = Object.entries(given)
      functions = given
      manifest = new Map(
        entries.map(([name, config]) => [keyOf(name), { config: ofEvents(config), modifiedMs }]),
      )
    },
    get,
    of(functionName, qualifier) {
      const { delivery, deadLetter } = functions[functionName] ?? DEFAULT_ASYNC
      return {
        ...DEFAULT_ASYNC,
        ...get(functionName, qualifier)?.config,
        delivery,
        ...(deadLetter === undefined ? {} : { deadLetter }),
      }
    },
    list(functionName) {
      const keys = new Set([...manifest.keys(), ...changed.keys()])
      const own = [...keys].filter((key) => key.startsWith(`${functionName}:`)).sort()
      return own.flatMap((key) => {
        const qualifier = key.slice(functionName.length + 1)
        const set = get(functionName, qualifier)
        return set === undefined ? [] : [{ qualifier, set }]
      })
    },
    set(functionName, qualifier, config) {
      const set = { config, modifiedMs: wallMs() }
      changed.set(keyOf(functionName, qualifier), set)
      return set
    },
    delete(functionName, qualifier) {
      if (get(functionName, qualifier) === undefined) return false
      changed.set(keyOf(functionName, qualifier), null)
      return true
    },
  }
}

function keyOf(functionName: string, qualifier: string = LATEST): string {
  return `${functionName}:${qualifier}`
}

/** Without what is the function's, whatever its events' configuration says. */
function ofEvents(config: AsyncConfig): EventInvokeConfig {
  const { delivery: _, deadLetter: __, ...rest } = config
  return rest
}
