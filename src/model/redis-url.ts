/** Whether this names a Redis or Valkey: `redis://user:password@host:6379/0`, or `rediss://` for TLS. */
export function isRedisUrl(text: string): boolean {
  return /^rediss?:\/\/[^/?#]+/.test(text) && URL.canParse(text)
}
