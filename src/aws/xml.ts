import type { Answer } from './answer.ts'

/** An element with text in it, escaped. */
export function textElement(name: string, text: string): string {
  return `<${name}>${escapeXml(text)}</${name}>`
}

export function escapeXml(text: string): string {
  return text.replace(/[<>&'"]/g, (char) => `&#${char.charCodeAt(0)};`)
}

/** An answer of the Query protocol. */
export function xmlAnswer(status: number, xml: string): Answer {
  return { status, headers: { 'Content-Type': 'text/xml' }, body: `<?xml version="1.0"?>${xml}` }
}
