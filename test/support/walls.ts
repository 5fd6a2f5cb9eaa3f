import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, relative, resolve, sep } from 'node:path'

/** Who may import whom: room to the rooms it may import besides itself. */
export type Rooms = Readonly<Record<string, readonly string[] | 'everything'>>

/** What must hold between the files below a source folder. */
export interface Walls {
  readonly rooms: Rooms
  /** Rooms that must not reach `node:` or a package, neither directly nor through other files. */
  readonly pure: readonly string[]
  /** Rooms that may not use packages, but for one file: room to its file, relative to the sources. */
  readonly packagesOnlyIn: Readonly<
    Record<string, { readonly file: string; readonly packages: readonly string[] }>
  >
}

interface Import {
  readonly specifier: string
  /** Erased when the file runs: counts between rooms, not as use of `node:`. */
  readonly typeOnly: boolean
}

/** A computed `import(x)`: nobody can tell what it reaches. */
const COMPUTED = '(computed)'

/** Every breach of the walls below `sourceDir`, one sentence each; empty when they hold. */
export function breaches(sourceDir: string, walls: Walls): string[] {
  const root = resolve(sourceDir)
  const files = new Map(
    sourceFiles(root).map((file) => [file, importsOf(readFileSync(file, 'utf8'))]),
  )
  const out: string[] = []
  for (const [file, imports] of files) {
    out.push(...roomBreaches(root, file, imports, walls))
    if (walls.pure.includes(roomOf(root, file)))
      out.push(...purityBreaches(root, file, files, walls))
  }
  return out
}

function roomBreaches(
  root: string,
  file: string,
  imports: readonly Import[],
  walls: Walls,
): string[] {
  const room = roomOf(root, file)
  const allowed = walls.rooms[room]
  if (allowed === undefined) return [`${room} is not a room of the table (${show(root, file)})`]
  return imports.flatMap(({ specifier }) => {
    if (!specifier.startsWith('.')) return packageBreach(root, file, specifier, walls)
    const target = resolve(dirname(file), specifier)
    const targetRoom = roomOf(root, target)
    if (targetRoom === room || allowed === 'everything' || allowed.includes(targetRoom)) return []
    return [`${room} may not import ${targetRoom} (${show(root, file)} → ${show(root, target)})`]
  })
}

function packageBreach(root: string, file: string, specifier: string, walls: Walls): string[] {
  if (specifier === 'spillway' || specifier.startsWith('spillway/')) {
    return [`${show(root, file)} imports its own package by name (${specifier}); use the path`]
  }
  const room = roomOf(root, file)
  const exception = walls.packagesOnlyIn[room]
  if (exception === undefined || isNode(specifier) || specifier === COMPUTED) return []
  if (show(root, file) === `src/${exception.file}` && exception.packages.includes(specifier))
    return []
  return [`${room} may not import the package ${specifier} (${show(root, file)})`]
}

/**
 * Walks what the file really loads and reports the first way to each forbidden thing. It stops at
 * files of pure rooms: they report what they reach themselves.
 */
function purityBreaches(
  root: string,
  start: string,
  files: ReadonlyMap<string, readonly Import[]>,
  walls: Walls,
): string[] {
  const out: string[] = []
  const seen = new Set([start])
  const ways: string[][] = [[start]]
  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    const file = way.at(-1) ?? start
    const loaded = (files.get(file) ?? []).filter(({ typeOnly }) => !typeOnly)
    const [inside, outside] = partition(loaded, ({ specifier }) => specifier.startsWith('.'))
    const steps = way.map((step) => show(root, step)).join(' → ')
    for (const { specifier } of outside) {
      out.push(`${roomOf(root, start)} may not reach ${specifier} (${steps} → ${specifier})`)
    }
    const next = inside.map(({ specifier }) => resolve(dirname(file), specifier))
    for (const target of next.filter((path) => !walls.pure.includes(roomOf(root, path)))) {
      if (!seen.has(target)) ways.push([...way, target])
      seen.add(target)
    }
  }
  return out
}

function partition<T>(items: readonly T[], belongs: (item: T) => boolean): [T[], T[]] {
  return [items.filter(belongs), items.filter((item) => !belongs(item))]
}

/** `src/gate/gate.ts` is in `gate`; a file right below the sources is a room of its own. */
function roomOf(root: string, file: string): string {
  return relative(root, file).split(sep)[0] ?? ''
}

function show(root: string, file: string): string {
  return `src/${relative(root, file).split(sep).join('/')}`
}

function isNode(specifier: string): boolean {
  return specifier.startsWith('node:') || builtinModules.includes(specifier)
}

/** Every source file below a folder, absolute. */
export function sourceFiles(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[mc]?[jt]s$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

const STATEMENT =
  /^[ \t]*(?:import|export)\b(?<clause>[^'"`;]*?\bfrom\s*|\s*)(['"])(?<specifier>[^'"\n]+)\2/gm
const CALL =
  /\b(?:import|require|getBuiltinModule)\(\s*(?:(['"`])(?<specifier>[^'"`$\n]+)\1\s*[,)])?/g

/** Static, type, re-export and dynamic imports, as written. Lines of comments do not count. */
export function importsOf(source: string): Import[] {
  const code = source.replace(/^[ \t]*(?:\/?\*|\/\/).*$/gm, '')
  const statements = [...code.matchAll(STATEMENT)].map(({ groups }) => ({
    specifier: groups?.['specifier'] ?? '',
    typeOnly: /^\s*type\b(?!\s+from\b)/.test(groups?.['clause'] ?? ''),
  }))
  const calls = [...code.matchAll(CALL)].map(({ groups }) => ({
    specifier: groups?.['specifier'] ?? COMPUTED,
    typeOnly: false,
  }))
  return [...statements, ...calls]
}

/** Lines that are neither blank nor comment. */
export function codeLines(source: string): number {
  const withoutBlocks = source.replace(/^[ \t]*\/\*[\s\S]*?\*\//gm, '')
  return withoutBlocks.split('\n').filter((line) => !/^\s*(?:\/\/.*)?$/.test(line)).length
}
