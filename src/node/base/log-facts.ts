/**
 * Makes the facts of a log line safe to write: bytes become their count, errors their name and message, and values
 * under the name of a secret, and what looks like a private key, are redacted. This is a safety net: callers pass no secrets to the log in the first place.
 */
import { withoutPrivateKeys } from './without-keys.ts'

/**
 * Values under these names are never written. Names are matched word by word, so `publicKey` and `keyFile` are redacted
 * too.
 */
const SECRET = /^(?:key|keys|pvt|private|secret|seed|sign|passphrase|password|token|cookie|payload|text|signature)$/

const MAX_DEPTH = 4
const MAX_ITEMS = 50
const MAX_TEXT = 1_000

/** Fields of every line; a fact of the same name gets the prefix `fact.`. */
const RESERVED: readonly string[] = ['level', 'time', 'event']

/**
 * Copies `facts` into a form that is safe to serialise, with bounded depth, items and text. Never throws: logging must
 * not stop a node.
 */
export function logFacts(facts: Record<string, unknown>): Record<string, unknown> {
  try {
    const entries = Object.entries(safeRecord(facts, 0))
    return Object.fromEntries(entries.map(([name, value]) => [RESERVED.includes(name) ? `fact.${name}` : name, value]))
  } catch {
    return { facts: '[unreadable]' }
  }
}

function safeRecord(facts: object, depth: number): Record<string, unknown> {
  const entries = Object.entries(facts).slice(0, MAX_ITEMS)
  return Object.fromEntries(
    entries.map(([name, value]) => [name, isSecret(name) ? '[redacted]' : safe(value, depth + 1)]),
  )
}

function isSecret(name: string): boolean {
  return name.split(/(?<=[a-z])(?=[A-Z])|[-_.\s]/).some((word) => SECRET.test(word.toLowerCase()))
}

function safe(value: unknown, depth: number): unknown {
  if (typeof value === 'string') {
    const text = withoutPrivateKeys(value)
    return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text
  }
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return value
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${String(value.byteLength)} bytes]`
  if (depth > MAX_DEPTH) return '[deep]'
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item) => safe(item, depth + 1))
  if (value instanceof Error) return safeError(value, depth)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return safeRecord(value, depth)
  return safe((value as { toString(): string }).toString(), depth)
}

/** Includes causes and stack: the stack locates a defect of ours. */
function safeError(error: Error, depth: number): Record<string, unknown> {
  const { name, message, stack, cause } = error
  return safeRecord(
    { name, message, ...(stack === undefined ? {} : { stack }), ...(cause === undefined ? {} : { cause }) },
    depth,
  )
}
