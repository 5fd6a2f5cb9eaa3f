import { readFileSync, statSync } from 'node:fs'
import { relative } from 'node:path'
import { parseTree } from './parse.ts'
import type { Report } from './report.ts'
import type { Node } from './tree.ts'

/** The files of an application: each read once, and remembered for whoever watches them. */
export interface Files {
  /** The text of a file, or undefined where there is none. Paths are absolute. */
  read(path: string): string | undefined
  /** A YAML or JSON file as a tree; undefined where there is none, or none that can be read. */
  tree(path: string): Node | undefined
  /** Every file that was read. */
  readonly paths: ReadonlySet<string>
}

/** Reads from the disk, synchronously: a few small files, before anything is served. */
export function createFiles(report: Report): Files {
  const texts = new Map<string, string | undefined>()
  const trees = new Map<string, Node | undefined>()
  const paths = new Set<string>()

  const read = (path: string): string | undefined => {
    if (texts.has(path)) return texts.get(path)
    const text = isFile(path) ? readFileSync(path, 'utf8') : undefined
    if (text !== undefined) paths.add(path)
    texts.set(path, text)
    return text
  }

  const tree = (path: string): Node | undefined => {
    if (trees.has(path)) return trees.get(path)
    const text = read(path)
    const node = text === undefined ? undefined : parseTree(text, displayPath(path), report)
    trees.set(path, node)
    return node
  }

  return { read, tree, paths }
}

/** Whether there is a file (not a directory) at the path. */
export function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}

/** Whether there is a directory at the path. */
export function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/** A file as messages name it: relative to where the command was run. */
export function displayPath(path: string): string {
  return relative(process.cwd(), path) || '.'
}
