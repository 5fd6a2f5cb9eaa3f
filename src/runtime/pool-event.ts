/** What metrics and logs are told. */
export type PoolEvent =
  | { readonly kind: 'ready'; readonly initMs: number }
  | { readonly kind: 'gone'; readonly reason: GoneReason }
  | { readonly kind: 'log'; readonly text: string }

/** `retired`: renewed or closed; `died`: ended by itself, by a timeout or from outside. */
export type GoneReason = 'idle' | 'failed_init' | 'died' | 'retired'
