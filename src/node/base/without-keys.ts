/**
 * Takes private keys out of texts for people (spec §11): errors, notes, log lines. Somebody who pastes a key into the place of
 * a chain or a peer must not find it in a log, a terminal's history or a report of the error. Pure.
 */

/** Longer than an id or a public key: a private key has 128 hex digits, and one that was cut or doubled is one all the same. */
const PRIVATE = /[0-9A-Fa-f]{65,}/g

/** A seed or a group's key; a public key or an id without its height looks the same. */
const MAYBE_SECRET = /(?<![0-9A-Fa-f_@!])[0-9A-Fa-f]{64}(?![0-9A-Fa-f])/g

/** For any text: private keys alone. */
export function withoutPrivateKeys(text: string): string {
  return text.replace(PRIVATE, countDigits)
}

/** For what a user typed where no key is expected: whatever may be secret. */
export function withoutKeys(typed: string): string {
  return withoutPrivateKeys(typed).replace(MAYBE_SECRET, countDigits)
}

function countDigits(key: string): string {
  return `[${String(key.length)} hex digits]`
}
