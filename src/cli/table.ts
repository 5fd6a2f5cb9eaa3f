/** Rows as lines, in columns; a column that is empty but for its heading is left out. */
export function tableLines(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
): string[] {
  const columns = heading.flatMap((head, at) => {
    const cells = rows.map((row) => row[at] ?? '')
    if (cells.every((cell) => cell === '')) return []
    const width = Math.max(...[head, ...cells].map(({ length }) => length))
    return [[head, ...cells].map((cell) => cell.padEnd(width))]
  })
  return [heading, ...rows].map((_, at) =>
    columns
      .map((cells) => cells[at])
      .join('  ')
      .trimEnd(),
  )
}
