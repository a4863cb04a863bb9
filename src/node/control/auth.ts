/**
 * The cookie's secret (spec §10): 32 random bytes, fresh at each start, written in hex. Who can read the cookie may
 * command the node. Files are `cookie.ts`; this is the arithmetic, for both sides of the connection.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

const TOKEN_BYTES = 32
const HELLO_PREFIX = 'freechains/control/1'
const TOKEN = /^[0-9a-f]{64}$/

/** A fresh token in hex. */
export function freshToken(): string {
  return randomBytes(TOKEN_BYTES).toString('hex')
}

/** A fresh nonce for `hello`, in hex. */
export function freshNonce(): string {
  return randomBytes(TOKEN_BYTES).toString('hex')
}

/** What stands in a cookie file, if it is a token. */
export function parseToken(text: string): string | undefined {
  const token = text.trim().toLowerCase()
  return TOKEN.test(token) ? token : undefined
}

/** Equal or not, in a time that does not tell where they differ (nor how long the secret is). */
export function sameSecret(given: string, secret: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest()
  return timingSafeEqual(digest(given), digest(secret))
}

/**
 * The answer to `hello`: HMAC-SHA256, keyed with the 32 bytes that the token spells, over the ASCII text
 * `freechains/control/1` followed by the bytes that the nonce spells. In lower-case hex.
 */
export function helloMac(token: string, nonce: string): string {
  const mac = createHmac('sha256', Buffer.from(token, 'hex'))
  return mac.update(HELLO_PREFIX, 'ascii').update(Buffer.from(nonce, 'hex')).digest('hex')
}
