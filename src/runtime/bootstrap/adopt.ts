import { FRAME } from '../frames.ts'
import type { Input } from './input.ts'

/** What a spare is told when it becomes an environment of a function. */
interface Adoption {
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
}

/** Waits for the function, then makes this process look as if it had been started for it. */
export function waitForAdoption(input: Input, begin: () => void): void {
  input.listen((type, _seq, _head, body) => {
    if (type !== FRAME.adopt) return
    become(JSON.parse(body.toString()) as Adoption)
    begin()
  })
}

function become({ env, cwd }: Adoption): void {
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name]
  Object.assign(process.env, env)
  process.chdir(cwd)
  // NODE_PATH was read when the process began. (Importing all of the module takes milliseconds.)
  const loader = process.getBuiltinModule('node:module') as unknown as { _initPaths(): void }
  loader._initPaths()
  process.title = `spillway ${env['AWS_LAMBDA_FUNCTION_NAME'] ?? ''}`
}
