import { describe, expect, test } from 'vitest'
import { BlockTable } from '../../../src/reputation/block-table.ts'
import { reachedFrom, TRUSTING_LIKES } from '../../../src/reputation/lens.ts'
import { DAY, FIRST_DAY, keyOf } from '../../support/economy.ts'
import { Graph } from '../../../src/dag/graph.ts'
import { chainOf } from '../../../src/dag/chain.ts'
import { blockId } from '../../../src/dag/ids.ts'
import { createHash } from 'node:crypto'

/** A line of accepted blocks: who has a post, and likes by author and target's author. */
class Likes {
  readonly graph: Graph
  readonly table: BlockTable
  readonly #posts = new Map<string, number>()
  readonly #numbers = new Map<string, number>()
  #timeMs = FIRST_DAY
  readonly notCounting = new Set<number>()

  constructor() {
    const chain = chainOf('#lens', [])
    if (!chain.ok) throw new Error('no chain')
    this.graph = new Graph(chain.value.id, 3)
    this.table = new BlockTable(this.graph)
  }

  like(from: string, to: string, times = 1): this {
    for (let n = 0; n < times; n += 1) this.#vote(from, to, 1)
    return this
  }

  dislike(from: string, to: string): this {
    this.#vote(from, to, -1)
    return this
  }

  voidLike(from: string, to: string): this {
    this.notCounting.add(this.#vote(from, to, 1))
    return this
  }

  later(ms: number): this {
    this.#timeMs += ms
    return this
  }

  /** Names of those who are reached, sorted. */
  reached(...roots: string[]): string[] {
    const { graph, table } = this
    const numberOf = (name: string): number => table.numberOf(this.#keyOf(name)) ?? -1
    const context = { graph, table, counts: (vote: number) => !this.notCounting.has(vote) }
    const found = reachedFrom(roots.map(numberOf), context, { t: this.#timeMs })
    return [...this.#numbers.keys()].filter((name) => found.has(numberOf(name))).sort()
  }

  #vote(from: string, to: string, n: 1 | -1): number {
    const target = this.#posts.get(to) ?? this.#add(to)
    this.#posts.set(to, target)
    return this.#add(from, { n, target })
  }

  #add(name: string, like?: { n: 1 | -1; target: number }): number {
    const { graph } = this
    const back = graph.size - 1
    const id = blockId(createHash('sha256').update(String(graph.size)).digest())
    this.#timeMs += 1
    const index = graph.add({ id, height: graph.height(back) + 1, time: this.#timeMs, backs: [back] }, true)
    this.table.add(index, { author: this.#keyOf(name), like, k: 1 })
    return index
  }

  #keyOf(name: string): ReturnType<typeof keyOf> {
    const number = this.#numbers.get(name) ?? this.#numbers.size
    this.#numbers.set(name, number)
    return keyOf(number)
  }
}

describe('the lens (spec §4)', () => {
  test('trust flows along welcomes, whatever their age, from one to the next', () => {
    const likes = new Likes()
      .like('pioneer', 'ann')
      .like('ann', 'bob')
      .later(400 * DAY)
      .like('ann', 'cid')
    expect(likes.reached('pioneer')).toEqual(['ann', 'bob', 'cid', 'pioneer'])
    expect(likes.reached('ann')).toEqual(['ann', 'bob', 'cid'])
  })

  test('a like that is no welcome counts from the third one for the same author on, within 90 days', () => {
    const welcomed = (): Likes => new Likes().like('pioneer', 'ann').like('stranger', 'bob')
    expect(
      welcomed()
        .like('ann', 'bob', TRUSTING_LIKES - 1)
        .reached('pioneer'),
    ).toEqual(['ann', 'pioneer'])
    expect(welcomed().like('ann', 'bob', TRUSTING_LIKES).reached('pioneer')).toEqual(['ann', 'bob', 'pioneer'])
    const old = welcomed()
      .like('ann', 'bob', TRUSTING_LIKES - 1)
      .later(91 * DAY)
      .like('ann', 'bob')
    expect(old.reached('pioneer')).toEqual(['ann', 'pioneer'])
  })

  test('dislikes pass nothing, nor do likes that do not count, nor likes of one’s own posts', () => {
    const likes = new Likes().like('pioneer', 'ann').dislike('ann', 'bob').voidLike('ann', 'cid').like('dan', 'dan', 5)
    expect(likes.reached('pioneer')).toEqual(['ann', 'pioneer'])
    // Another like is the first one that counts: a welcome.
    expect(likes.like('ann', 'cid').reached('pioneer')).toEqual(['ann', 'cid', 'pioneer'])
  })

  test('an author passes on less than he has, however many accounts he raises; the nearest ones come first', () => {
    const likes = new Likes().like('pioneer', 'ann')
    for (let n = 0; n < 50; n += 1) likes.like('ann', `a${n}`).like(`a${n}`, `b${n}`)
    const farm = likes.reached('pioneer').filter((name) => /\d/.test(name))
    expect(farm.length).toBe(6)
    expect(farm.every((name) => name.startsWith('a'))).toBe(true)
  })

  test('a root passes on as much as there is', () => {
    const likes = new Likes().like('pioneer', 'ann')
    for (let n = 0; n < 50; n += 1) likes.like('pioneer', `p${n}`).like('ann', `a${n}`)
    expect(likes.reached('pioneer').length).toBe(2 + 50 + 6)
    expect(likes.reached('pioneer', 'ann').length).toBe(2 + 50 + 50)
  })
})
