/** What a queue's attributes come to. */
export interface QueueSettings {
  readonly fifo: boolean
  readonly visibilityTimeoutMs: number
  readonly delayMs: number
  /** How long a receive waits that says nothing itself. */
  readonly waitMs: number
  /** Body and attributes of one message. */
  readonly messageBytesMax: number
  readonly retentionMs: number
  /** FIFO: what has the same text within five minutes is the same message. */
  readonly contentBasedDeduplication: boolean
  /** FIFO: the same deduplication id in another group is another message. */
  readonly deduplicatesPerGroup: boolean
  readonly redrive?: Redrive
}

/** Where messages go that were received too often. */
export interface Redrive {
  readonly targetArn: string
  /** The queue that the ARN names. */
  readonly target: string
  /** 1–1000. The receive after so many moves the message. */
  readonly maxReceiveCount: number
}

/** What is wrong with an attribute: SQS's error and its words. */
export interface AttributeFault {
  readonly code: 'InvalidAttributeName' | 'InvalidAttributeValue' | 'InvalidParameterValue'
  readonly message: string
}

const NAME_AND_TYPE_DIFFER: AttributeFault = {
  code: 'InvalidParameterValue',
  message:
    'The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.',
}

type Attributes = Readonly<Record<string, string>>

interface Range {
  readonly min: number
  readonly max: number
}

/** Whole numbers, their bounds, and SQS's defaults ("SetQueueAttributes", API Reference). */
const NUMBERS = {
  VisibilityTimeout: { min: 0, max: 43_200, fallback: 30 },
  DelaySeconds: { min: 0, max: 900, fallback: 0 },
  ReceiveMessageWaitTimeSeconds: { min: 0, max: 20, fallback: 0 },
  MaximumMessageSize: { min: 1024, max: 1_048_576, fallback: 1_048_576 },
  MessageRetentionPeriod: { min: 60, max: 1_209_600, fallback: 345_600 },
  KmsDataKeyReusePeriodSeconds: { min: 60, max: 86_400, fallback: 300 },
} as const satisfies Record<string, Range & { fallback: number }>

const WORDS: Readonly<Record<string, readonly string[]>> = {
  SqsManagedSseEnabled: ['true', 'false'],
  FifoQueue: ['true'],
  ContentBasedDeduplication: ['true', 'false'],
  DeduplicationScope: ['queue', 'messageGroup'],
  FifoThroughputLimit: ['perQueue', 'perMessageGroupId'],
}

const FIFO_ONLY = ['ContentBasedDeduplication', 'DeduplicationScope', 'FifoThroughputLimit']
/** Kept and told, and nothing here goes by them. */
const KEPT = ['Policy', 'KmsMasterKeyId', 'RedriveAllowPolicy']

/** Every attribute that can be set. */
export const QUEUE_ATTRIBUTES: readonly string[] = [
  ...Object.keys(NUMBERS),
  ...Object.keys(WORDS),
  'RedrivePolicy',
  ...KEPT,
]

/** What attributes without a fault come to; what is not said is SQS's default. */
export function toQueueSettings(attributes: Attributes): QueueSettings {
  const seconds = (name: keyof typeof NUMBERS): number => numberOf(attributes, name) * 1000
  const redrive = attributes['RedrivePolicy']
  return {
    fifo: attributes['FifoQueue'] === 'true',
    visibilityTimeoutMs: seconds('VisibilityTimeout'),
    delayMs: seconds('DelaySeconds'),
    waitMs: seconds('ReceiveMessageWaitTimeSeconds'),
    messageBytesMax: numberOf(attributes, 'MaximumMessageSize'),
    retentionMs: seconds('MessageRetentionPeriod'),
    contentBasedDeduplication: attributes['ContentBasedDeduplication'] === 'true',
    deduplicatesPerGroup: attributes['DeduplicationScope'] === 'messageGroup',
    ...(redrive === undefined || redrive === '' ? {} : { redrive: toRedrive(redrive) }),
  }
}

/** The attributes that a queue has without saying so, as SQS tells of them. */
export function defaultAttributes(fifo: boolean): Record<string, string> {
  return {
    VisibilityTimeout: '30',
    DelaySeconds: '0',
    ReceiveMessageWaitTimeSeconds: '0',
    MaximumMessageSize: '1048576',
    MessageRetentionPeriod: '345600',
    SqsManagedSseEnabled: 'true',
    ...(fifo
      ? {
          FifoQueue: 'true',
          ContentBasedDeduplication: 'false',
          DeduplicationScope: 'queue',
          FifoThroughputLimit: 'perQueue',
        }
      : {}),
  }
}

/**
 * The first thing wrong with the attributes of a queue of this name; undefined where nothing is.
 * Whether the dead-letter queue exists is for whoever knows the queues.
 */
export function attributeFault(name: string, attributes: Attributes): AttributeFault | undefined {
  const fifo = name.endsWith('.fifo')
  if ((attributes['FifoQueue'] === 'true') !== fifo) return NAME_AND_TYPE_DIFFER
  for (const [key, value] of Object.entries(attributes)) {
    const fault = faultOf(key, value, fifo)
    if (fault !== undefined) return fault
  }
  return undefined
}

/** What a queue may be called: `leads`, `leads.fifo`. */
export function isQueueName(name: string): boolean {
  return name.length <= 80 && /^[A-Za-z0-9_-]+(?:\.fifo)?$/.test(name)
}

function faultOf(key: string, value: string, fifo: boolean): AttributeFault | undefined {
  if (!QUEUE_ATTRIBUTES.includes(key) || (key === 'FifoQueue' && !fifo)) {
    return { code: 'InvalidAttributeName', message: `Unknown Attribute ${key}.` }
  }
  if (FIFO_ONLY.includes(key) && !fifo) {
    const message = `You can specify the ${key} only when FifoQueue is set to true.`
    return { code: 'InvalidAttributeName', message }
  }
  if (key === 'RedrivePolicy') return redriveFault(value)
  const range: Range | undefined = Object.hasOwn(NUMBERS, key)
    ? NUMBERS[key as keyof typeof NUMBERS]
    : undefined
  const fits = range === undefined ? isWord(key, value) : isWithin(value, range)
  if (fits) return undefined
  return { code: 'InvalidAttributeValue', message: `Invalid value for the parameter ${key}.` }
}

function isWord(key: string, value: string): boolean {
  return WORDS[key]?.includes(value) ?? true
}

function isWithin(value: string, { min, max }: Range): boolean {
  return /^\d+$/.test(value) && Number(value) >= min && Number(value) <= max
}

function numberOf(attributes: Attributes, name: keyof typeof NUMBERS): number {
  return Number(attributes[name] ?? NUMBERS[name].fallback)
}

const RECEIVE_COUNT: Range = { min: 1, max: 1000 }

/** An empty policy takes the one away that was there. */
function redriveFault(text: string): AttributeFault | undefined {
  if (text === '') return undefined
  const fault = (reason: string): AttributeFault => ({
    code: 'InvalidParameterValue',
    message: `Value ${text} for parameter RedrivePolicy is invalid. Reason: ${reason}`,
  })
  const policy = parsed(text)
  if (policy === undefined) return fault('Redrive policy is not a valid JSON map.')
  for (const key of ['maxReceiveCount', 'deadLetterTargetArn']) {
    if (policy[key] === undefined) {
      return fault(`Redrive policy does not contain mandatory attribute: ${key}.`)
    }
  }
  const count = String(policy['maxReceiveCount'])
  if (isWithin(count, RECEIVE_COUNT)) return undefined
  return fault(
    `Invalid value for maxReceiveCount: ${count}, valid values are from 1 to 1000 both inclusive.`,
  )
}

function toRedrive(text: string): Redrive {
  const { deadLetterTargetArn, maxReceiveCount } = parsed(text) ?? {}
  const targetArn = String(deadLetterTargetArn)
  const target = targetArn.slice(targetArn.lastIndexOf(':') + 1)
  return { targetArn, target, maxReceiveCount: Number(maxReceiveCount) }
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}
