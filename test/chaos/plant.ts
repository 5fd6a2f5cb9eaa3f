import { registerHooks } from 'node:module'
import { FAULTS, type Fault, type FaultName } from './faults.ts'

/**
 * Preloaded by every storm. Environments run the built bootstrap, as users' do: the sources' takes
 * five times as long to start. Plants the fault that `CHAOS_FAULT` names, for a control.
 */
const BUILT: Fault = {
  file: 'runtime/command.ts',
  from: `import.meta.url.endsWith('.ts') ? './bootstrap/node.ts' : './bootstrap/node.cjs'`,
  to: `'../../dist/runtime/bootstrap/node.cjs'`,
}
const name = process.env['CHAOS_FAULT'] as FaultName | undefined
const changes = [BUILT, ...(name === undefined ? [] : [FAULTS[name]])]

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context)
    const change = changes.find(({ file }) => url.endsWith(`/src/${file}`))
    if (change === undefined) return loaded
    const source = Buffer.from(loaded.source as Uint8Array).toString()
    const parts = source.split(change.from)
    if (parts.length !== 2) {
      throw new Error(`what a storm changes in src/${change.file} does not fit it any more`)
    }
    if (change !== BUILT) process.env['CHAOS_PLANTED'] = name
    return { ...loaded, source: parts.join(change.to) }
  },
})
