/**
 * The reader's identities. A private key is kept in this browser alone, encrypted: PBKDF2 of the passphrase gives the key of
 * AES-GCM. Unlocked keys live in memory until the page is closed. The node gets signatures, never a key.
 */
import { ed25519 } from '@noble/curves/ed25519.js'
import { computed, signal } from '@preact/signals'
import { fromBase64, fromHex, toBase64, toHex } from '../../../../src/node/control/client/browser-bytes.ts'

export interface Stored {
  readonly name: string
  readonly pub: string
  readonly salt: string
  readonly iv: string
  readonly rounds: number
  /** The seed, encrypted. */
  readonly sealed: string
}

const PLACE = 'freechains.keys'
const CHOSEN = 'freechains.key'
/** What OWASP asks of PBKDF2 with SHA-256 (2023): some 200 ms. */
const ROUNDS = 600_000
const SEED_BYTES = 32
const PRIVATE_KEY = /^[0-9a-f]{64}(?:[0-9a-f]{64})?$/i

export const keys = signal<readonly Stored[]>(read())
const chosen = signal(localStorage.getItem(CHOSEN) ?? '')
const open = signal<ReadonlyMap<string, Uint8Array>>(new Map())

/** The identity in use, whether unlocked or not. */
export const me = computed(() => keys.value.find(({ pub }) => pub === chosen.value) ?? keys.value[0])
export const isUnlocked = computed(() => me.value !== undefined && open.value.has(me.value.pub))

export function choose(pub: string): void {
  chosen.value = pub
  localStorage.setItem(CHOSEN, pub)
}

export function newSeed(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(SEED_BYTES))
}

export function publicKeyOf(seed: Uint8Array): string {
  return toHex(ed25519.getPublicKey(seed))
}

/** The seed that 24 words, or a private key in hex, stand for. */
export async function seedOf(text: string): Promise<Uint8Array | undefined> {
  const given = text.trim()
  if (PRIVATE_KEY.test(given)) {
    const seed = fromHex(given.slice(0, 2 * SEED_BYTES))
    const pub = given.slice(2 * SEED_BYTES).toUpperCase()
    return pub === '' || pub === publicKeyOf(seed) ? seed : undefined
  }
  const { seedOfWords } = await import('./words.ts')
  return seedOfWords(given)
}

export async function wordsOf(seed: Uint8Array): Promise<string> {
  const { wordsOfSeed } = await import('./words.ts')
  return wordsOfSeed(seed)
}

export async function keep(name: string, seed: Uint8Array, passphrase: string): Promise<void> {
  const pub = publicKeyOf(seed)
  const salt = crypto.getRandomValues(new Uint8Array(16))
  const iv = crypto.getRandomValues(new Uint8Array(12))
  const key = await derive(passphrase, salt, ROUNDS)
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, seed.slice())
  const stored = {
    name,
    pub,
    salt: toBase64(salt),
    iv: toBase64(iv),
    rounds: ROUNDS,
    sealed: toBase64(new Uint8Array(sealed)),
  }
  write([...keys.value.filter((other) => other.pub !== pub), stored])
  open.value = new Map(open.value).set(pub, seed)
  choose(pub)
}

/** Gives whether the passphrase was right. */
export async function unlock(stored: Stored, passphrase: string): Promise<boolean> {
  const key = await derive(passphrase, fromBase64(stored.salt), stored.rounds)
  try {
    const seed = await crypto.subtle.decrypt(
      { name: 'AES-GCM', iv: fromBase64(stored.iv) },
      key,
      fromBase64(stored.sealed),
    )
    open.value = new Map(open.value).set(stored.pub, new Uint8Array(seed))
    return true
  } catch {
    return false
  }
}

export function lock(): void {
  open.value = new Map()
}

export function forget(pub: string): void {
  write(keys.value.filter((stored) => stored.pub !== pub))
  const left = new Map(open.value)
  left.delete(pub)
  open.value = left
}

/** The unlocked seed of an identity, to be written down. */
export function seedFor(pub: string): Uint8Array | undefined {
  return open.value.get(pub)
}

export function sign(pub: string, bytes: Uint8Array): Uint8Array | undefined {
  const seed = open.value.get(pub)
  return seed === undefined ? undefined : ed25519.sign(bytes, seed)
}

async function derive(passphrase: string, salt: Uint8Array<ArrayBuffer>, iterations: number): Promise<CryptoKey> {
  const bytes = new TextEncoder().encode(passphrase.normalize('NFKC'))
  const base = await crypto.subtle.importKey('raw', bytes, 'PBKDF2', false, ['deriveKey'])
  const how = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations }
  return crypto.subtle.deriveKey(how, base, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
}

function read(): readonly Stored[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(PLACE) ?? '[]')
    return Array.isArray(found) ? (found as Stored[]) : []
  } catch {
    return []
  }
}

function write(all: readonly Stored[]): void {
  localStorage.setItem(PLACE, JSON.stringify(all))
  keys.value = all
}
