import { join } from 'node:path'
import type { RunStorm, Sizes } from './storm.ts'

/** One storm in a process of its own: `storm-process.ts <module> <sizes as JSON>`. */
const [module = '', sizes = '{}'] = process.argv.slice(2)
const { storm } = (await import(join(import.meta.dirname, module))) as { storm: RunStorm }
const verdict = await storm(JSON.parse(sizes) as Sizes)
const planted = process.env['CHAOS_FAULT'] === process.env['CHAOS_PLANTED']
process.send?.({ ...verdict, planted }, () => process.exit(0))
