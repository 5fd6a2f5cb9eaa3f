import type { Place } from '../lib/errors.ts'
import { evaluateText } from './evaluate.ts'
import { evaluateIntrinsic, intrinsicName } from './intrinsics.ts'
import type { Report } from './report.ts'
import type { StackValue } from './stack.ts'
import { unknown, type Node } from './tree.ts'

/** Works values out, one at a time and only when somebody asks: what nobody needs costs nothing. */
export interface Resolver {
  /**
   * The node with its own variables and CloudFormation functions worked out, but not those of its
   * children. What cannot be known comes back as an unknown node; it is for the asker to say
   * whether that matters.
   */
  readonly resolve: (node: Node) => Node
}

/** One look-up of a variable: `${file(./x.yml):a.b}`. */
export interface Ask {
  readonly type: string
  readonly params: readonly string[]
  readonly address: string
  /** No fallback follows. */
  readonly isLast: boolean
  readonly place: Place
}

/**
 * Where variables get their values from. An unknown node, or one that says nothing, sends the
 * variable on to its fallback.
 */
export type LookUp = (ask: Ask, resolver: Resolver) => Node

/** What the pseudo parameters of CloudFormation stand for: `AWS::Region`. */
export type PseudoParameters = Readonly<Record<string, string>>

export interface ResolverOptions {
  /** What the manifest's own resources are called. */
  readonly stackValue: StackValue
  readonly lookUp: LookUp
  readonly pseudo: () => PseudoParameters
  readonly report: Report
}

/** More steps from variable to variable than anyone writes; keeps the stack from running out. */
const MOST_STEPS = 50

/** A resolver over the given sources. What it has worked out it remembers. */
export function createResolver({ lookUp, pseudo, stackValue, report }: ResolverOptions): Resolver {
  const results = new Map<Node, Node>()
  const underWay = new Set<Node>()

  const resolve = (node: Node): Node => {
    const known = results.get(node)
    if (known !== undefined) return known
    if (underWay.has(node)) return circle(node, report)
    if (underWay.size > MOST_STEPS) return unknown('…', 'variables lead on and on', node.place)
    underWay.add(node)
    const result = evaluate(node)
    underWay.delete(node)
    results.set(node, result)
    // What comes out has nothing left to work out: `\${x}` has become `${x}` and must stay so.
    results.set(result, result)
    return result
  }

  const evaluate = (node: Node): Node => {
    if (node.kind === 'scalar' && typeof node.value === 'string') {
      if (!node.value.includes('${')) return node
      return evaluateText(node.value, node.place, { lookUp, report, resolve })
    }
    const name = intrinsicName(node)
    if (name === undefined) return node
    return evaluateIntrinsic(name, node, { resolve, pseudo: pseudo(), stackValue })
  }

  return { resolve }
}

function circle(node: Node, report: Report): Node {
  const text = node.kind === 'scalar' ? String(node.value) : '…'
  const message = `expected a value, got variables that lead back to themselves: ${text}`
  report.error(node.place, message)
  return unknown(text, 'it leads back to itself', node.place)
}
