import type { FunctionDefinition, HttpApi } from '../model/app.ts'
import type { Report } from './report.ts'

/** Reports every authorizer whose function is in no manifest: nobody could ever be let in. */
export function checkAuthorizers(
  apis: readonly HttpApi[],
  functions: readonly FunctionDefinition[],
  report: Report,
): void {
  const names = new Set(functions.map(({ name }) => name))
  for (const { authorizer, method, path, place } of apis.flatMap(({ routes }) => routes)) {
    if (authorizer?.kind !== 'lambda' || names.has(authorizer.functionName)) continue
    const message = `the authorizer of ${method} ${path} is the function "${authorizer.functionName}", which is in no manifest here`
    report.error(place, message)
  }
}
