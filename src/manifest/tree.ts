import type { Place } from '../lib/errors.ts'

/** What a manifest says, as a tree in which every value knows where it stands. */
export type Node = ScalarNode | MapNode | ListNode | UnknownNode

export type Scalar = string | number | boolean | null

export interface ScalarNode {
  readonly kind: 'scalar'
  readonly value: Scalar
  readonly place: Place
}

export interface MapNode {
  readonly kind: 'map'
  readonly entries: ReadonlyMap<string, Entry>
  readonly place: Place
}

/** One key of a map, with its own place. */
export interface Entry {
  readonly place: Place
  readonly value: Node
}

export interface ListNode {
  readonly kind: 'list'
  readonly items: readonly Node[]
  readonly place: Place
}

/** A value that cannot be known here: a cloud look-up, a variable without a value. */
export interface UnknownNode {
  readonly kind: 'unknown'
  /** What stands in its place: `${LeadsTable.Arn}`. */
  readonly text: string
  /** Why it is not known, as the end of a sentence: `FOO is not set in the environment`. */
  readonly why: string
  /** A deployment would know it, Spillway does not look it up: SSM, a stack's output, a script. */
  readonly knownOnDeploy: boolean
  readonly place: Place
}

/** A text, number, boolean or null at a place. */
export function scalar(value: Scalar, place: Place): ScalarNode {
  return { kind: 'scalar', value, place }
}

/** A value that cannot be known here. */
export function unknown(text: string, why: string, place: Place): UnknownNode {
  return { kind: 'unknown', text, why, knownOnDeploy: false, place }
}

/** A value that only a deployment would know. */
export function knownOnDeploy(text: string, why: string, place: Place): UnknownNode {
  return { kind: 'unknown', text, why, knownOnDeploy: true, place }
}

/** The same value standing elsewhere: where the variable that led to it was written. */
export function movedTo<T extends Node>(node: T, place: Place): T {
  return { ...node, place }
}

/** Whether a node is there and says something. */
export function isPresent(node: Node | undefined): node is Node {
  return node !== undefined && !(node.kind === 'scalar' && node.value === null)
}

/** A value as an error message quotes it: `"ten"`, `5`, `a map`. */
export function describeNode(node: Node | undefined): string {
  if (!isPresent(node)) return 'nothing'
  switch (node.kind) {
    case 'scalar':
      return JSON.stringify(node.value)
    case 'map':
      return 'a map'
    case 'list':
      return 'a list'
    case 'unknown':
      return `${node.text}, and ${node.why}`
  }
}
