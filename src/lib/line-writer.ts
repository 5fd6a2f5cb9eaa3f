/** Writes lines, those of one turn of the event loop together: one system call for many. */
export interface LineWriter {
  write(line: string): void
  /** Writes what is left, at once. */
  flush(): void
}

export function createLineWriter(stream: { write(text: string): unknown }): LineWriter {
  let pending = ''
  const flush = (): void => {
    if (pending === '') return
    const text = pending
    pending = ''
    stream.write(text)
  }
  return {
    flush,
    write(line) {
      if (pending === '') setImmediate(flush)
      pending += `${line}\n`
    },
  }
}
