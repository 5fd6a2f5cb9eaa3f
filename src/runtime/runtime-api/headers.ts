import { spanOf, traceOf } from '../trace.ts'
import type { Work } from '../work.ts'

/** What a runtime is told beside the event. Optional headers are absent where there is nothing to say. */
export function headersOf(work: Work, deadlineEpochMs: number): Record<string, string> {
  const { clientContext = '' } = work
  return {
    'Content-Type': 'application/json',
    'Lambda-Runtime-Aws-Request-Id': work.id,
    'Lambda-Runtime-Deadline-Ms': String(Math.round(deadlineEpochMs)),
    'Lambda-Runtime-Invoked-Function-Arn': headerText(work.invokedArn),
    'Lambda-Runtime-Trace-Id': headerText(traceOf(work.traceId, spanOf(work.id))),
    ...(clientContext === '' ? {} : { 'Lambda-Runtime-Client-Context': headerText(clientContext) }),
  }
}

/** UTF-8 on the wire, one line: where JSON has line breaks they are only space. */
function headerText(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return Buffer.from(text.replace(/[\u0000-\u001F\u007F]/g, ' ')).toString('latin1')
}
