/** A published message on its way to one subscription. */
export interface Notification {
  /** A UUID. */
  readonly messageId: string
  readonly topicArn: string
  readonly subscriptionArn: string
  readonly message: string
  readonly subject?: string
  readonly attributes: Readonly<Record<string, NotificationAttribute>>
  readonly timestampMs: number
  /** FIFO topics. */
  readonly sequenceNumber?: string
}

export interface NotificationAttribute {
  /** `String`, `Number`, `String.Array`, `Binary`. */
  readonly Type: string
  /** Bytes as base64. */
  readonly Value: string
}

/** Nobody but AWS can sign for SNS: whoever checks the signature refuses these. */
const UNSIGNED = 'UNSIGNED'

/** The event of a function that is subscribed to a topic. */
export function toSnsEvent(notification: Notification): Readonly<Record<string, unknown>> {
  const { messageId, topicArn, subscriptionArn, message, subject, attributes } = notification
  return {
    Records: [
      {
        EventSource: 'aws:sns',
        EventVersion: '1.0',
        EventSubscriptionArn: subscriptionArn,
        Sns: {
          Type: 'Notification',
          MessageId: messageId,
          TopicArn: topicArn,
          Subject: subject ?? null,
          Message: message,
          Timestamp: new Date(notification.timestampMs).toISOString(),
          SignatureVersion: '1',
          Signature: UNSIGNED,
          SigningCertUrl: certificateOf(topicArn),
          UnsubscribeUrl: unsubscribeOf(topicArn, subscriptionArn),
          MessageAttributes: attributes,
        },
      },
    ],
  }
}

/** The body of a message in a subscribed queue, without raw delivery. Its URLs are spelt unlike a function's. */
export function toSnsEnvelope(notification: Notification): string {
  const { messageId, topicArn, subscriptionArn, message, subject, sequenceNumber } = notification
  const attributes =
    Object.keys(notification.attributes).length > 0 ? notification.attributes : undefined
  const envelope = {
    Type: 'Notification',
    MessageId: messageId,
    SequenceNumber: sequenceNumber,
    TopicArn: topicArn,
    Subject: subject,
    Message: message,
    Timestamp: new Date(notification.timestampMs).toISOString(),
    // FIFO topics do not sign.
    ...(sequenceNumber === undefined
      ? { SignatureVersion: '1', Signature: UNSIGNED, SigningCertURL: certificateOf(topicArn) }
      : {}),
    UnsubscribeURL: unsubscribeOf(topicArn, subscriptionArn),
    MessageAttributes: attributes,
  }
  return JSON.stringify(envelope, undefined, 2)
}

function certificateOf(topicArn: string): string {
  return `${endpointOf(topicArn)}/SimpleNotificationService-0000000000000000000000.pem`
}

function unsubscribeOf(topicArn: string, subscriptionArn: string): string {
  return `${endpointOf(topicArn)}/?Action=Unsubscribe&SubscriptionArn=${subscriptionArn}`
}

function endpointOf(topicArn: string): string {
  return `https://sns.${topicArn.split(':')[3]}.amazonaws.com`
}
