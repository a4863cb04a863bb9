/**
 * Economies as real blocks: the slow twin's blocks, signed, made once and shared among replicas. Ids of real blocks are
 * others than those drawn, and the order of blocks goes by them: so the twin's blocks are built again with the real ids.
 * Blocks are named by their number in the economy, as its picture does.
 */
import type { MadeBlock } from '../../src/dag/block.ts'
import type { Chain } from '../../src/dag/chain.ts'
import { encodeHeader, headerDigest } from '../../src/dag/codec.ts'
import { sha256, sign } from '../../src/dag/crypto.ts'
import type { Header } from '../../src/dag/header.ts'
import { genesisBlockId, payloadId, type AuthorKey, type BlockId } from '../../src/dag/ids.ts'
import { author, bytes, chain } from './blocks.ts'
import type { Economy } from './economy.ts'
import { ReputationTwin, type TwinBlock, type TwinChain } from './reputation-twin.ts'

/** An economy's blocks, signed. */
export class SignedEconomy {
  readonly chain: Chain
  readonly twin: ReputationTwin
  /** With real ids, in the economy's order. */
  readonly blocks: TwinBlock[] = []
  /** Of the latest block. */
  readonly lastMs: number
  readonly #made = new Map<TwinBlock, MadeBlock>()
  readonly #numbers = new Map<string, number>()

  constructor(economy: Economy) {
    const { kind, pioneers, owner, pioneer } = economy.chain
    const ownerKey = owner === undefined ? {} : { owner: realKey(owner) }
    const keys = pioneers.map(realKey)
    this.chain = chain(owner === undefined ? '#economy' : `@${realKey(owner)}`, ...keys)
    const twinChain: TwinChain = { kind, pioneers: keys, ...ownerKey }
    this.twin = new ReputationTwin(pioneer === undefined ? twinChain : { ...twinChain, pioneer: realKey(pioneer) })
    const real = new Map<TwinBlock, TwinBlock>()
    for (const drawn of economy.blocks) {
      const made = this.#sign(drawn, (u) => real.get(u)!)
      real.set(drawn, this.#learn(made))
    }
    this.lastMs = Math.max(...this.blocks.map((u) => u.time))
  }

  made(u: TwinBlock): MadeBlock {
    return this.#made.get(u)!
  }

  withId(id: string): TwinBlock {
    return this.blocks[this.#numbers.get(id)!]!
  }

  numberOf(id: string): number {
    return this.#numbers.get(id)!
  }

  /** Numbers, ascending. */
  numbers(blocks: Iterable<TwinBlock>): number[] {
    return [...blocks].map(({ id }) => this.numberOf(id)).sort((a, b) => a - b)
  }

  get sound(): TwinBlock[] {
    return this.blocks.filter((u) => this.twin.isSound(u))
  }

  /** A block that was made elsewhere, on blocks of the economy. */
  adopt(made: MadeBlock): TwinBlock {
    return this.#learn(made)
  }

  #learn(made: MadeBlock): TwinBlock {
    const { id, header } = made.block
    const { height, time, author: by, like } = header
    const isFirst = header.backs.includes(genesisBlockId(this.chain.id))
    const u: TwinBlock = {
      id,
      height,
      time,
      backs: isFirst ? 'genesis' : header.backs.map((back) => this.withId(back)),
      ...(by === undefined ? {} : { author: by }),
      ...(like === undefined ? {} : { like: { n: like.n, target: this.withId(like.target) } }),
    }
    this.#made.set(u, made)
    this.#numbers.set(id, this.blocks.length)
    this.blocks.push(u)
    return u
  }

  /** As it is, allowed or not. */
  #sign(drawn: TwinBlock, real: (u: TwinBlock) => TwinBlock): MadeBlock {
    const { backs, height, time, author: by, like } = drawn
    const payload = bytes(`block ${this.blocks.length}`)
    const idOf = (u: TwinBlock): BlockId => real(u).id as BlockId
    const header: Header = {
      v: 1,
      height,
      time,
      backs: backs === 'genesis' ? [genesisBlockId(this.chain.id)] : backs.map(idOf).sort(),
      pay: { id: payloadId(sha256(payload)), size: payload.byteLength, seal: 'none' },
      ...(by === undefined ? {} : { author: realKey(by) }),
      ...(like === undefined ? {} : { like: { n: like.n, target: idOf(like.target) } }),
    }
    const headerBytes = encodeHeader(header)
    const id = headerDigest(headerBytes)
    const signature = by === undefined ? {} : { signature: sign(author(numberOfKey(by)).seed, id) }
    return { block: { id, header, headerBytes, ...signature }, payload }
  }
}

/** The number that `keyOf` made a key of. */
function numberOfKey(key: string): number {
  return parseInt(key, 16)
}

function realKey(key: string): AuthorKey {
  return author(numberOfKey(key)).author
}
