/** Who posts in tests with attackers, and the blocks that they and the attackers make. */
import { randomBytes } from 'node:crypto'
import { bytesToHex } from '@noble/hashes/utils.js'
import { makeBlock, type MadeBlock } from '../../src/dag/block.ts'
import type { Chain } from '../../src/dag/chain.ts'
import { blockId, showId, type AuthorKey, type BlockId } from '../../src/dag/ids.ts'
import { hasFirstPostPioneer } from '../../src/dag/sound.ts'
import { encodeAnnouncement } from '../../src/protocol/gossip-codec.ts'
import { author, bytes, like, must, post, type PostParts } from './blocks.ts'
import { altered } from './stranger.ts'

/** The pioneer of a forum, with some 30 reps. */
export const ALICE = 1
/** Was welcomed by her: 2 reps. */
export const BOB = 2
/** Nobody. */
export const MALLORY = 3

/** A chain under attack, and the first post on it. */
export interface Base {
  readonly on: Chain
  readonly base: MadeBlock
}

/** A post of Alice's on the base. */
export function above({ on, base }: Base, parts: PostParts = {}): MadeBlock {
  return post(on, { backs: [base.block], author: ALICE, payload: 'the second one', ...parts })
}

/** The same, but of this height, and signed. */
export function atHeight({ on, base }: Base, height: number): MadeBlock {
  const { header, id } = base.block
  const parts = { chain: on, height, time: header.time, backs: [id], payload: bytes('high'), pvt: author(ALICE) }
  return must(makeBlock({ ...parts, random: () => new Uint8Array(32) }))
}

/** The same with a signature that does not hold. */
export function forgedSignature({ block, payload }: MadeBlock): MadeBlock {
  return { block: { ...block, signature: altered(block.signature ?? new Uint8Array(64)) }, payload }
}

/** An id that is of nothing. */
/** What an opening says of a forum of Alice's: without it nothing is taken from a forum (spec §2). */
export function founderOf(on: Chain): { pioneer?: AuthorKey } {
  return hasFirstPostPioneer(on) ? { pioneer: author(ALICE).author } : {}
}

export const inventedId = (): BlockId => blockId(new Uint8Array(randomBytes(32)))

/** So many of them, as pages list them. */
export function inventedIds(count: number): BlockId[] {
  return Array.from({ length: count }, inventedId)
}

/** An announcement with the block. */
export function riding({ block, payload }: MadeBlock): Uint8Array {
  const { id, headerBytes, signature } = block
  const carried = { headerBytes, payload, ...(signature === undefined ? {} : { signature }) }
  return encodeAnnouncement({ v: 1, nonce: randomBytes(8), heads: [id], block: carried })
}

/** As users see the id. */
export function shown({
  block,
}: {
  readonly block: { readonly id: BlockId; readonly header: { height: number } }
}): string {
  return showId(block.header.height, block.id)
}

/** Private key number n, as typed. */
export function pvt(n: number): string {
  const { seed, author: pub } = author(n)
  return bytesToHex(seed).toUpperCase() + pub
}

/** Blocks that stand on each other, one a time. */
export class Branch {
  readonly blocks: MadeBlock[]
  readonly #on: Chain

  constructor(on: Chain, start: readonly MadeBlock[] = []) {
    this.#on = on
    this.blocks = [...start]
  }

  post(author: number, time: number): MadeBlock {
    return this.#put((parts) => post(this.#on, parts), { author, time })
  }

  vote(n: 1 | -1, target: MadeBlock, author: number, time: number): MadeBlock {
    return this.#put((parts) => like(this.#on, n, target.block, parts), { author, time })
  }

  /** A post by somebody new, and a like of it. */
  welcome(guest: number, by: number, time: number): MadeBlock {
    const made = this.post(guest, time)
    this.vote(1, made, by, time)
    return made
  }

  #put(make: (parts: PostParts) => MadeBlock, parts: PostParts): MadeBlock {
    const top = this.blocks.at(-1)
    const made = make({ ...parts, ...(top === undefined ? {} : { backs: [top.block] }) })
    this.blocks.push(made)
    return made
  }
}
