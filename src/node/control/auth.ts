/**
 * Tokens and proofs of the control port (spec §10). The token is 32 random bytes in hex, fresh at each start. A process
 * that can read the cookie file may control the node. Used by both ends of a connection; `cookie.ts` does the file I/O.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

const TOKEN_BYTES = 32
const HELLO_PREFIX = 'freechains/control/1'
const TOKEN = /^[0-9a-f]{64}$/

/** A new random token, in hex. */
export function freshToken(): string {
  return randomBytes(TOKEN_BYTES).toString('hex')
}

/** A new random nonce for `hello`, in hex. */
export function freshNonce(): string {
  return randomBytes(TOKEN_BYTES).toString('hex')
}

/** Parses the content of a cookie file; undefined if it is no token. */
export function parseToken(text: string): string | undefined {
  const token = text.trim().toLowerCase()
  return TOKEN.test(token) ? token : undefined
}

/** Compares in constant time. Hashing first hides the length of the secret too. */
export function sameSecret(given: string, secret: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest()
  return timingSafeEqual(digest(given), digest(secret))
}

/**
 * The answer to `hello`, in lower-case hex: HMAC-SHA256 under the 32 bytes of the token, over the ASCII text
 * `freechains/control/1` followed by the bytes of the nonce.
 */
export function helloMac(token: string, nonce: string): string {
  const mac = createHmac('sha256', Buffer.from(token, 'hex'))
  return mac.update(HELLO_PREFIX, 'ascii').update(Buffer.from(nonce, 'hex')).digest('hex')
}
