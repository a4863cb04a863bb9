/**
 * Holds the real code to test/vectors/reputation.json: real blocks of several chains, and what spec §4 and §5 make of
 * them. The file says itself what is in it; it was worked out by `scripts/reputation-vectors.mjs` from the definitions.
 */
import { readFileSync } from 'node:fs'
import { hexToBytes as unhex } from '@noble/hashes/utils.js'
import { describe, expect, test } from 'vitest'
import { checkPayload, decodeBlock, verifyBlock, type Block } from '../../src/dag/block.ts'
import { chainOf, type Chain } from '../../src/dag/chain.ts'
import { publicKeyOf } from '../../src/dag/crypto.ts'
import { genesisBlockId, showId, type AuthorKey } from '../../src/dag/ids.ts'
import { ChainState } from '../../src/reputation/chain-state.ts'
import { bytes, must } from '../support/blocks.ts'
import { candidateOf } from '../support/candidates.ts'

interface After {
  readonly heads: readonly string[]
  readonly paid: readonly string[]
  readonly accepted: readonly string[]
  readonly held: readonly string[]
  readonly counts: readonly string[]
  /** Not told by the real code: it shows in reps. */
  readonly minting?: readonly string[]
  readonly hidden: readonly string[]
  readonly takenBack: readonly string[]
  readonly posts: Readonly<Record<string, number>>
  readonly reps: Readonly<Record<string, Readonly<Record<string, number | 'unlimited'>>>>
}
interface BlockVector {
  readonly name: string
  readonly id: string
  readonly time: number
  readonly backs: readonly string[]
  readonly author?: string
  readonly like?: { readonly n: 1 | -1; readonly target: string }
  readonly payload: string
  readonly header: string
  readonly signature?: string
  readonly sound: boolean
  readonly k?: number | 'unlimited'
  readonly after?: After
}
interface ForumVector {
  readonly title: string
  readonly chain: {
    readonly name: string
    readonly pioneers: readonly string[]
    readonly id: string
    readonly pioneer?: string
    readonly owner?: string
  }
  readonly blocks: readonly BlockVector[]
}
interface Vectors {
  readonly authors: Readonly<Record<string, { readonly seed: string; readonly pub: string }>>
  readonly forums: readonly ForumVector[]
}

const file = new URL('../vectors/reputation.json', import.meta.url)
const { authors, forums } = JSON.parse(readFileSync(file, 'utf8')) as Vectors

function decoded({ header, signature }: BlockVector): Block {
  return must(decodeBlock(unhex(header), ...(signature === undefined ? [] : [unhex(signature)])))
}

/** A peer, which is given blocks by their names. */
class Peer {
  readonly reputation: ChainState
  readonly #names = ['genesis']

  constructor(chain: Chain, seed: number) {
    this.reputation = new ChainState(chain, seed)
  }

  /** Goes by a block if it is sound. */
  take(vector: BlockVector): boolean {
    const { id, header } = decoded(vector)
    const candidate = candidateOf(this.reputation, id, header)
    if (!candidate.ok) return false
    const index = this.reputation.append(candidate.value, this.reputation.kOf(candidate.value))
    this.reputation.enter(index)
    this.#names[index] = vector.name
    return true
  }

  k(name: string): number | 'unlimited' {
    const index = this.#names.indexOf(name)
    return this.reputation.isUnlimited(index) ? 'unlimited' : this.reputation.k(index)
  }

  /** Of those posts and at those times, and by those authors, that are expected; all else of itself. */
  answers({ posts, reps }: After): After {
    const { graph } = this.reputation
    const all = [...this.#names.keys()].slice(1).sort((a, b) => graph.compare(a, b))
    const names = (indexes: readonly number[]) => indexes.map((index) => this.#names[index]!)
    const isPaid = (index: number) => this.reputation.isPaid(index)
    const repsAt = (time: number, by: string): number | 'unlimited' => {
      const answer = this.reputation.repsOf(authors[by]!.pub as AuthorKey, time)
      return answer === Number.POSITIVE_INFINITY ? 'unlimited' : answer
    }
    const isCounting = (index: number) =>
      graph.isAccepted(index) && !this.reputation.isPost(index) && this.reputation.counts(index)
    return {
      heads: names(graph.heads().filter((index) => index !== 0)),
      paid: names(all.filter(isPaid)),
      accepted: names(all.filter((index) => graph.isAccepted(index) && !isPaid(index))),
      held: names(all.filter((index) => !graph.isAccepted(index))),
      counts: names(all.filter(isCounting)),
      hidden: names(all.filter((index) => this.reputation.isHidden(index))),
      takenBack: names(all.filter((index) => this.reputation.isTakenBack(index))),
      posts: mapped(posts, (name) => this.reputation.repsOfPost(this.#names.indexOf(name))),
      reps: mapped(reps, (time, of) => mapped(of, (by) => repsAt(Number(time), by))),
    }
  }
}

function told({ minting: _, ...rest }: After): After {
  return rest
}

function mapped<T, U>(record: Readonly<Record<string, T>>, to: (key: string, value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, to(key, value)]))
}

/** Another order of arrival, pasts first: `pick` of the blocks that can come next. */
function inOtherOrder(
  blocks: readonly BlockVector[],
  pick: (able: readonly BlockVector[], step: number) => BlockVector | undefined,
): BlockVector[] {
  const come: BlockVector[] = []
  const has = (name: string) => name === 'genesis' || come.some((block) => block.name === name)
  while (come.length < blocks.length) {
    const able = blocks.filter(({ name, backs }) => !has(name) && backs.every(has))
    come.push(pick(able, come.length)!)
  }
  return come
}

test('there are blocks of all states, in chains of all kinds that count reps', () => {
  const blocks = forums.flatMap((forum) => forum.blocks)
  expect(blocks.length).toBeGreaterThan(60)
  for (const state of ['paid', 'accepted', 'held', 'hidden', 'takenBack'] as const) {
    expect(blocks.some(({ after }) => after !== undefined && after[state].length > 0)).toBe(true)
  }
  expect(forums.some(({ chain }) => chain.pioneers.length === 3)).toBe(true)
  expect(forums.some(({ chain }) => chain.owner !== undefined)).toBe(true)
})

test('the public keys are those of the seeds', () => {
  for (const { seed, pub } of Object.values(authors)) expect(publicKeyOf(unhex(seed))).toBe(pub)
})

describe.each(forums)('$title', ({ chain: { name, pioneers, id, pioneer, owner }, blocks }) => {
  const chain = must(chainOf(name, pioneers))
  const sound = blocks.filter((block) => block.sound)
  const last = told(sound.at(-1)!.after!)

  test('§2 the chain has its id', () => {
    expect([chain.id, chain.params.owner]).toEqual([id, owner])
  })

  test('§3 the blocks are what they are said to be, and signed', () => {
    const idOf = (of: string) =>
      of === 'genesis' ? genesisBlockId(chain.id) : decoded(blocks.find((block) => block.name === of)!).id
    for (const vector of blocks) {
      const block = decoded(vector)
      const { height, time, backs, author, like } = block.header
      expect([showId(height, block.id), time]).toEqual([vector.id, vector.time])
      expect(backs).toEqual(vector.backs.map(idOf).sort())
      expect(author).toBe(vector.author === undefined ? undefined : authors[vector.author]!.pub)
      expect(like).toEqual(vector.like && { n: vector.like.n, target: idOf(vector.like.target) })
      expect([verifyBlock(block), checkPayload(chain, block, bytes(vector.payload)).ok]).toEqual([true, true])
    }
  })

  test('§4, §5 in the order given, every answer is the expected one after every block', () => {
    const peer = new Peer(chain, 1)
    for (const vector of blocks) {
      expect([vector.name, peer.take(vector)]).toEqual([vector.name, vector.sound])
      if (vector.after === undefined) continue
      expect([vector.name, peer.k(vector.name)]).toEqual([vector.name, vector.k])
      expect([vector.name, peer.answers(vector.after)]).toEqual([vector.name, told(vector.after)])
    }
    expect(peer.reputation.pioneer).toBe(pioneer)
  })

  const orders = [
    inOtherOrder(sound, (able) => able.at(-1)),
    inOtherOrder(sound, (able, step) => able[(step + 1) % able.length]),
  ]
  test.each([
    ['the latest first', orders[0]!],
    ['mixed', orders[1]!],
  ])('§5 in another order (%s), the last answers are the same', (_, order) => {
    const peer = new Peer(chain, 2)
    for (const vector of order) {
      expect([vector.name, peer.take(vector)]).toEqual([vector.name, true])
      expect([vector.name, peer.k(vector.name)]).toEqual([vector.name, vector.k])
    }
    expect(peer.answers(last)).toEqual(last)
  })

  test('these are three different orders', () => {
    const names = [sound, ...orders].map((order) => order.map((block) => block.name).join(' '))
    expect(new Set(names).size).toBe(3)
  })

  test('§5 a joiner who gets only what is accepted accepts the same', () => {
    const peer = new Peer(chain, 3)
    for (const vector of sound) if (!last.held.includes(vector.name)) expect(peer.take(vector)).toBe(true)
    expect(peer.answers(last)).toEqual({ ...last, held: [] })
  })
})
