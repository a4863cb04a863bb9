/**
 * The kept messages under `test/corpus/<target>/<what it shows>.hex`: how it is taken, then hex digits; `81*4000` stands
 * for a byte many times. What breaks a law is written there, and checked first in every run from then on.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { concat } from './fuzz-mutate.ts'

const CORPUS = resolve(import.meta.dirname, '../corpus')

/** Begins the names of what nobody has named yet. */
export const FOUND = 'found-'

export interface Kept {
  readonly name: string
  readonly bytes: Uint8Array
  /** How it is taken; nobody has said so yet of what fuzzing has found. */
  readonly outcome?: string
}

/** What is kept for a target, by name. */
export function kept(target: string): Kept[] {
  const folder = resolve(CORPUS, target)
  if (!existsSync(folder)) return []
  const names = readdirSync(folder).filter((name) => name.endsWith('.hex'))
  return names.sort().map((name) => ({ name: name.slice(0, -4), ...read(readFileSync(resolve(folder, name), 'utf8')) }))
}

function read(text: string): { readonly bytes: Uint8Array; readonly outcome?: string } {
  const [, outcome] = /^# (\S+)$/m.exec(text) ?? []
  const parts = text.replaceAll(/^#.*$/gm, '').trim().split(/\s+/)
  const bytes = concat(...parts.map(readPart))
  return outcome === undefined ? { bytes } : { bytes, outcome }
}

function readPart(part: string): Uint8Array {
  const [hex = '', count = '1'] = part.split('*')
  return hexToBytes(hex.repeat(Number(count)))
}

/** Keeps a message; gives the path of its file. Without a name, it gets one out of its bytes. */
export function keep(target: string, { bytes, outcome, name }: Partial<Kept> & Pick<Kept, 'bytes'>): string {
  const folder = resolve(CORPUS, target)
  const called = name ?? `${FOUND}${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}`
  const path = resolve(folder, `${called}.hex`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(path, `${outcome === undefined ? '' : `# ${outcome}\n`}${spelt(bytes)}\n`)
  return path
}

/** 32 bytes a line; a byte that comes 32 times or more in a row stands alone. */
function spelt(bytes: Uint8Array): string {
  return bytesToHex(bytes)
    .replaceAll(/(?=(?:..)*$)(..)\1{31,}/g, (run: string, byte: string) => `\n${byte}*${String(run.length / 2)}\n`)
    .split('\n')
    .flatMap((line) => (line.includes('*') ? [line] : (line.match(/.{1,64}/g) ?? [])))
    .join('\n')
}
