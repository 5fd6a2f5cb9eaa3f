import type { PseudoParameters, Resolver } from './resolve.ts'
import type { StackValue } from './stack.ts'
import { isPresent, knownOnDeploy, movedTo, scalar, type MapNode, type Node } from './tree.ts'

/** What a CloudFormation function may ask for. */
export interface IntrinsicContext extends Resolver {
  readonly pseudo: PseudoParameters
  readonly stackValue: StackValue
}

/** `Ref` or `Fn::…` where the node is such a function, else undefined. */
export function intrinsicName(node: Node): string | undefined {
  if (node.kind !== 'map' || node.entries.size !== 1) return undefined
  const [key] = node.entries.keys()
  return key === 'Ref' || key?.startsWith('Fn::') === true ? key : undefined
}

/**
 * `Ref` of a pseudo parameter, names and ARNs of the manifest's own topics, buses, buckets and
 * functions, `Fn::Sub` and `Fn::Join` over known values; everything else exists only in a deployed
 * stack and comes back unknown.
 */
export function evaluateIntrinsic(name: string, node: Node, context: IntrinsicContext): Node {
  const raw = (node as MapNode).entries.get(name)?.value
  const argument = raw === undefined ? scalar(null, node.place) : context.resolve(raw)
  if (argument.kind === 'unknown') return movedTo(argument, node.place)
  switch (name) {
    case 'Ref':
      return movedTo(reference(textOf(argument), node, context), node.place)
    case 'Fn::Sub':
      return substitute(argument, node, context)
    case 'Fn::Join':
      return join(argument, node, context)
    case 'Fn::GetAtt':
      return attribute(listTexts(argument, context).join('.'), node, context)
    default:
      return onlyOnAws(`\${${name}}`, node)
  }
}

function reference(name: string, node: Node, context: IntrinsicContext): Node {
  const { pseudo, stackValue } = context
  if (name === 'AWS::NoValue') return scalar(null, node.place)
  const value = Object.hasOwn(pseudo, name) ? pseudo[name] : stackValue(name)
  return value === undefined ? attribute(name, node, context) : scalar(value, node.place)
}

/** `Topic.TopicName`, in `Fn::Sub` too. */
function attribute(text: string, node: Node, { stackValue }: IntrinsicContext): Node {
  const [logicalId = '', name] = text.split('.', 2)
  const value = name === undefined ? undefined : stackValue(logicalId, name)
  return value === undefined ? onlyOnAws(`\${${text}}`, node) : scalar(value, node.place)
}

/** `{Fn::Sub: text}` or `{Fn::Sub: [text, {name: value}]}`; `${!x}` is a literal `${x}`. */
function substitute(argument: Node, node: Node, context: IntrinsicContext): Node {
  const [template, names] = argument.kind === 'list' ? argument.items : [argument]
  if (template === undefined) return onlyOnAws('${Fn::Sub}', node)
  const text = context.resolve(template)
  if (text.kind === 'unknown') return movedTo(text, node.place)
  const values = names === undefined ? undefined : context.resolve(names)
  const parts = textOf(text).split(/(\$\{[^}]*\})/)
  return concatenate(
    parts.map((part) => {
      if (!part.startsWith('${')) return scalar(part, node.place)
      const name = part.slice(2, -1).trim()
      if (name.startsWith('!')) return scalar(`\${${name.slice(1)}}`, node.place)
      const own = values?.kind === 'map' ? values.entries.get(name)?.value : undefined
      return own === undefined ? reference(name, node, context) : context.resolve(own)
    }),
    '',
    node,
  )
}

function join(argument: Node, node: Node, context: IntrinsicContext): Node {
  const [separator, parts] = argument.kind === 'list' ? argument.items : []
  const list = parts === undefined ? undefined : context.resolve(parts)
  if (separator === undefined || list?.kind !== 'list') return onlyOnAws('${Fn::Join}', node)
  const between = textOf(context.resolve(separator))
  return concatenate(list.items.map(context.resolve), between, node)
}

/** The parts as one text; unknown as soon as one of them is, with what is known around it. */
function concatenate(parts: readonly Node[], separator: string, node: Node): Node {
  const text = parts.map((part) => (part.kind === 'unknown' ? part.text : textOf(part)))
  const missing = parts.find((part) => part.kind === 'unknown')
  if (missing === undefined) return scalar(text.join(separator), node.place)
  return { ...missing, text: text.join(separator), place: node.place }
}

function textOf(node: Node): string {
  return node.kind === 'scalar' && isPresent(node) ? String(node.value) : ''
}

function listTexts(node: Node, context: IntrinsicContext): string[] {
  return node.kind === 'list'
    ? node.items.map((item) => textOf(context.resolve(item)))
    : [textOf(node)]
}

function onlyOnAws(text: string, node: Node): Node {
  return knownOnDeploy(text, `${text.slice(2, -1)} exists only on AWS`, node.place)
}
