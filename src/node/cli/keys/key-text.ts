/**
 * Private keys as text (spec §11): what `crypto pubpvt` prints, and the files of `freechains keys`. Such a file is lines of
 * comments, the public key in the first of them, and then the private key in hex, or that as an armored age file under a
 * passphrase (age-encryption.org/v1; docs/decisions/0039).
 */
import { parseAuthorKey, type AuthorKey } from '../../../dag/ids.ts'

const ARMOR = '-----BEGIN AGE ENCRYPTED FILE-----'
const PUBLIC_KEY = /^# public key: ([0-9A-Fa-f]{64})\s*$/m
const PRIVATE_KEY = /^[0-9A-Fa-f]{128}$/

/** A key file, read; nothing of it is decrypted, and no private key is checked. */
export interface KeyText {
  /** Absent in files that others made. */
  readonly pub?: AuthorKey
  readonly body: { readonly pvt: string } | { readonly age: string }
}

/** Reads a key file, or what `crypto pubpvt` printed (plain or as JSON); undefined if it is neither. */
export function readKeyText(text: string): KeyText | undefined {
  const found = parseAuthorKey(PUBLIC_KEY.exec(text)?.[1] ?? '')
  const pub = found.ok ? { pub: found.value } : {}
  const content = text.replaceAll(/^#.*$/gm, '').trim()
  if (content.startsWith(ARMOR)) return { ...pub, body: { age: content } }
  const words = content.startsWith('{') ? wordsOfJson(content) : content.split(/\s+/)
  const pvt = words.at(-1) ?? ''
  if (!PRIVATE_KEY.test(pvt) || words.length > 2) return undefined
  // PUB PVT: the private key ends with its public key.
  if (words.length === 2 && !pvt.toUpperCase().endsWith(words[0]?.toUpperCase() ?? '')) return undefined
  return { ...pub, body: { pvt: pvt.toUpperCase() } }
}

function wordsOfJson(text: string): string[] {
  try {
    const { pub, pvt } = JSON.parse(text) as { readonly pub?: unknown; readonly pvt?: unknown }
    return [pub, pvt].filter((word) => typeof word === 'string')
  } catch {
    return []
  }
}

/** The text of a key file. */
export function keyFileText(pub: AuthorKey, { body }: Pick<KeyText, 'body'>): string {
  const isOpen = 'pvt' in body
  const about = isOpen ? 'who has this file can sign as you' : 'the age file below opens with your passphrase'
  return `# public key: ${pub}\n# a private key of freechains: ${about}\n${isOpen ? body.pvt : body.age}\n`
}
