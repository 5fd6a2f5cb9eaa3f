/** The texts of a document's elements, by their paths: `ErrorResponse/Error/Code`. */
export function elementsOf(xml: string): Record<string, string> {
  const found: Record<string, string> = {}
  const path: string[] = []
  for (const [, end, name = '', selfClosed, text = ''] of xml.matchAll(
    /<(\/?)([\w:]+)[^>]*?(\/?)>([^<]*)/g,
  )) {
    if (end === '/') path.pop()
    else {
      found[[...path, name].join('/')] = text
      if (selfClosed !== '/') path.push(name)
    }
  }
  return found
}
