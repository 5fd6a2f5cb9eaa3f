// oxlint-disable no-control-regex -- They are what this is about.

/** Colours and the like: a terminal that is told nothing but text needs none. */
const STYLE = /\u001b\[[\d;:]*m/g
/** Control characters, C0 and C1, but for line feed and tab. */
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g

/**
 * Text that somebody else wrote, as a terminal may show it: it can neither move the cursor nor forge
 * what stands above it. Styles are left out, other control characters shown as `\x1b`.
 */
export function printable(text: string): string {
  return text.replace(STYLE, '').replace(CONTROL, escape)
}

function escape(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
}
