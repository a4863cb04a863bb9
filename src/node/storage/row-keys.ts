/**
 * The LevelDB keys, as in `docs/decisions/0005-leveldb-keys.md`. Keys have a fixed width and hold no text that a user or
 * a peer chose, only digests in hex; every prefix ends with a slash.
 */
import { Bug } from '../../dag/result.ts'
import type { BlockId, ChainId } from '../../dag/ids.ts'

const ROOT = '/freechains/'

export const FORMAT_KEY = `${ROOT}format`
export const JOINED_PREFIX = `${ROOT}joined/`
export const DOOMED_PREFIX = `${ROOT}doomed/`
/** Before libp2p's own keys, which hold peer ids and digests. */
export const LIBP2P_PREFIX = `${ROOT}libp2p/`

/** Argument of an iterator or a `clear`. */
export interface KeyRange {
  readonly gte: string
  readonly lt: string
}

/** All keys that start with `prefix`, which ends with a slash: `0` is the character after it. */
export function rangeOf(prefix: string): KeyRange {
  if (!prefix.endsWith('/')) throw new Bug(`prefix ${prefix} does not end with a slash`)
  return { gte: prefix, lt: `${prefix.slice(0, -1)}0` }
}

/** The last part of a key. */
export function lastPart(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1)
}

/** A small record of the node's own. */
export function nodeKey(name: string): string {
  if (!/^[a-z][a-z0-9-]*$/.test(name)) throw new Bug(`${name} is no name for a record`)
  return `${ROOT}node/${name}`
}

export function joinedKey(chain: ChainId): string {
  return `${JOINED_PREFIX}${chain}`
}

/** Marks a chain that is being deleted; the next start deletes what a crash left of it. */
export function doomedKey(chain: ChainId): string {
  return `${DOOMED_PREFIX}${chain}`
}

export const CHAINS_PREFIX = `${ROOT}chain/`

export function chainPrefix(chain: ChainId): string {
  return `${CHAINS_PREFIX}${chain}/`
}

/** The chain that a key under {@link CHAINS_PREFIX} is of, in hex. */
export function chainPart(key: string): string {
  return key.slice(CHAINS_PREFIX.length).split('/', 1)[0] ?? ''
}

/** Keys of one chain. */
export class ChainKeys {
  readonly meta: string
  readonly blocks: string
  readonly pages: string
  readonly heads: string
  readonly states: string
  readonly missing: string
  readonly aside: string
  readonly arrivals: string
  readonly #frames: string

  constructor(chain: ChainId) {
    const prefix = chainPrefix(chain)
    this.meta = `${prefix}meta`
    this.blocks = `${prefix}block/`
    this.pages = `${prefix}page/`
    this.heads = `${prefix}head/`
    this.states = `${prefix}state/`
    this.missing = `${prefix}missing/`
    this.aside = `${prefix}aside/`
    this.arrivals = `${prefix}arriving/`
    this.#frames = `${prefix}frame/`
  }

  arrival(id: BlockId): string {
    return `${this.arrivals}${id}`
  }

  frames(id: BlockId): string {
    return `${this.#frames}${id}/`
  }

  /** A payload has at most 256 frames (64 MiB); 16 bits leave room. */
  frame(id: BlockId, n: number): string {
    return `${this.frames(id)}${hex(n, 4)}`
  }
}

/** A key that ends with a 32-bit index in hex, so that keys sort as the indexes do. */
export function indexKey(prefix: string, index: number): string {
  return `${prefix}${hex(index, 8)}`
}

/** The number in the last part of a key that ends with one. */
export function numberIn(key: string): number {
  return Number.parseInt(lastPart(key), 16)
}

function hex(value: number, digits: number): string {
  const text = value.toString(16)
  if (text.length > digits) throw new Bug(`${String(value)} does not fit in ${String(digits)} hex digits`)
  return text.padStart(digits, '0')
}
