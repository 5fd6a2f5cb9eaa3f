import type { TestContext } from 'node:test'
import { findLauncher } from '../../src/runtime/launch/launcher.ts'

/** What a test needs of the machine to find something confined. */
export type Needed = 'users' | 'mounts' | 'control groups'

/** Whether the machine has it; else the test is skipped, and says so loudly. */
export function has(t: TestContext, needed: Needed): boolean {
  const { means, memory } = findLauncher()
  const found = {
    users: means.users,
    mounts: means.mounts !== undefined,
    'control groups': memory === 'control groups',
  }
  if (found[needed]) return true
  t.skip(`!! SKIPPED: environments have no ${needed} of their own here (not root, or not Linux)`)
  return false
}
