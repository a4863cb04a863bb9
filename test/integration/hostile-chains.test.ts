/**
 * Chains that are a trap (spec §5, §8): they never end, have heads and nothing else, blocks without their pasts, or sixteen
 * backs each. Every single block of them could be an honest peer's, so nobody is blamed; but they cost no memory, they end,
 * and nobody else has to wait for them.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Block, MadeBlock } from '../../src/dag/block.ts'
import type { Chain } from '../../src/dag/chain.ts'
import type { BlockId } from '../../src/dag/ids.ts'
import { GET_IDS, GIVEN_UP_IDS, HEADS_PER_PAGE, IDS_PER_PAGE, UNPAID_IDS } from '../../src/protocol/sync-limits.ts'
import type { WireBlock } from '../../src/protocol/messages.ts'
import { author, chain, post } from '../support/blocks.ts'
import { eventually } from '../support/daemon.ts'
import { founderOf, inventedIds, MALLORY, shown } from '../support/attack-blocks.ts'
import { type AttackedChain, AttackedNetwork, idsOf } from '../support/attacked-network.ts'
import { refuse, servingBlocks, wireBlock, type Answer } from '../support/stranger.ts'

let network: AttackedNetwork

beforeAll(async () => {
  network = await AttackedNetwork.open()
})

afterAll(async () => {
  await network.close()
})

/** Of the largest headers, so many fit into a reply. */
const BLOCKS_AT_ONCE = 256

/** Lists a page of ids whenever it is asked, and there are always more; gives those of them that were made for it. */
class Trap {
  pages = 0
  readonly #on: Chain
  readonly #page: (put: (made: MadeBlock) => BlockId) => BlockId[]
  readonly #made = new Map<BlockId, MadeBlock>()

  constructor(on: Chain, page: (put: (made: MadeBlock) => BlockId) => BlockId[]) {
    this.#on = on
    this.#page = page
  }

  readonly answer: Answer = (request) => {
    const { id } = request
    if (Buffer.compare(request.chain, this.#on.rendezvous) !== 0) return refuse(request)
    switch (request.t) {
      case 'open':
        return {
          t: 'opened',
          id,
          ...founderOf(this.#on),
          blocks: 1,
          heads: inventedIds(HEADS_PER_PAGE).sort(),
          more: true,
        }
      case 'diff':
        // Of one pull: an `open` may only ask whether the chain is here.
        this.pages = request.after === undefined ? 1 : this.pages + 1
        return { t: 'ids', id, ids: this.#page((made) => this.#put(made)), more: true }
      case 'get': {
        const blocks: WireBlock[] = []
        let asked = 0
        for (; asked < request.ids.length && blocks.length < BLOCKS_AT_ONCE; asked += 1) {
          const wanted = request.ids[asked]!
          const found = this.#made.get(wanted)
          if (found !== undefined) blocks.push(wireBlock(found))
          this.#made.delete(wanted)
        }
        return { t: 'blocks', id, asked, blocks }
      }
      default:
        return refuse(request)
    }
  }

  #put(made: MadeBlock): BlockId {
    this.#made.set(made.block.id, made)
    return made.block.id
  }
}

const fullPage = <T>(make: () => T): T[] => Array.from({ length: IDS_PER_PAGE }, make)

/** A post that nobody pays for, another one each time. */
function unpaid({ on, base }: AttackedChain): () => MadeBlock {
  let made = 0
  return () => post(on, { backs: [base.block], payload: String((made += 1)) })
}

describe('an endless chain', () => {
  test('of posts that nobody pays for: each pull of it ends, and none of it is kept', async () => {
    const at = await network.newChain()
    const next = unpaid(at)
    const trap = new Trap(at.on, (put) => fullPage(() => put(next())))
    const liar = await network.stranger(trap.answer)
    await network.withstands(at, async () => {
      expect(await network.recv(liar, at.name)).toMatchObject({ new: 0 })
      // One of them is asked for while the last blocks are on their way.
      expect(trap.pages).toBe(2 + UNPAID_IDS / IDS_PER_PAGE)
    })
    await network.keepsNoMore(at)
    await network.isSpared(liar, at)
  })

  test('of such posts on one another: no honest peer has it', async () => {
    const at = await network.newChain()
    const liar = await network.stranger()
    const wave = (): Promise<unknown> => {
      let last = at.base
      const next = (): MadeBlock => (last = post(at.on, { backs: [last.block], payload: '' }))
      liar.answer = new Trap(at.on, (put) => fullPage(() => put(next()))).answer
      return network.recv(liar, at.name).catch(() => undefined)
    }
    await network.withstands(at, wave, { waves: 4 })
    await network.isBanned(liar, { code: 'SYNC_BAD_BLOCK', cause: 'REP_UNACCEPTED_BACK' })
    await network.keepsNoMore(at)
  })

  test('of an owner, who may: it is pulled for as long as it lasts, and no other chain waits for it', async () => {
    const at = await network.newChain()
    const owner = author(MALLORY)
    const name = `@${owner.author}`
    const on = chain(name)
    await network.node.client.call('chains.join', { name })
    const backs: Block[] = []
    const next = (): MadeBlock => {
      const made = post(on, { author: owner, backs, payload: '' })
      backs.splice(0, 1, made.block)
      return made
    }
    const trap = new Trap(on, (put) => fullPage(() => put(next())))
    const prolific = await network.stranger(trap.answer)
    const pulling = network.recv(prolific, name)
    pulling.catch(() => undefined)
    await network.withstands(at, () => {
      const { pages } = trap
      return eventually(
        () => Promise.resolve(trap.pages),
        (now) => now > pages,
      )
    })
    prolific.answer = refuse
    await expect(pulling).rejects.toThrow()
    await network.isSpared(prolific, at)
  })
})

describe('a headless chain', () => {
  test('with heads and ids that are of nothing: it is asked for one page of them at a time', async () => {
    const at = await network.newChain()
    const liar = await network.stranger(new Trap(at.on, () => inventedIds(IDS_PER_PAGE)).answer)
    expect(await network.recv(liar, at.name)).toEqual({ new: 0, missing: IDS_PER_PAGE })
    const gets = Array.from({ length: IDS_PER_PAGE / GET_IDS }, () => 'get')
    // It may be asked once more whether it has the chain.
    expect(liar.asked.map(({ t }) => t).filter((t) => t !== 'open')).toEqual(['diff', ...gets])
    await network.withstands(at, () => network.recv(liar, at.name), { waves: 10 })
    await network.keepsNoMore(at)
    await network.isSpared(liar, at)
  })

  test('with one block in each page, and a list that does not end', async () => {
    const at = await network.newChain()
    const next = unpaid(at)
    const trap = new Trap(at.on, (put) => [put(next()), ...inventedIds(IDS_PER_PAGE - 1)])
    const liar = await network.stranger(trap.answer)
    const wave = async (): Promise<void> => {
      expect(await network.recv(liar, at.name)).toMatchObject({ new: 0 })
      expect(trap.pages).toBeLessThanOrEqual(2 + GIVEN_UP_IDS / IDS_PER_PAGE)
    }
    await network.withstands(at, wave, { waves: 3 })
    await network.keepsNoMore(at)
    await network.isSpared(liar, at)
  })
})

describe('missing parents', () => {
  /** A post on this many blocks that nobody has. */
  const orphan = ({ on, base }: AttackedChain, backs: number): MadeBlock => {
    const missing = inventedIds(backs).map((id) => ({ ...base.block, id }))
    return post(on, { backs: missing, payload: '' })
  }

  test('of each block, and one in each page that has them: nobody is blamed', async () => {
    const at = await network.newChain()
    const next = unpaid(at)
    const trap = new Trap(at.on, (put) => [put(next()), ...fullPage(() => put(orphan(at, 1))).slice(1)])
    const liar = await network.stranger(trap.answer)
    await network.withstands(at, async () => {
      expect(await network.recv(liar, at.name)).toMatchObject({ new: 0 })
      expect(trap.pages).toBeLessThanOrEqual(2 + GIVEN_UP_IDS / IDS_PER_PAGE)
    })
    await network.keepsNoMore(at)
    await network.isSpared(liar, at)
  })

  test('sixteen of each block: nobody is blamed, and there is no second page', async () => {
    const at = await network.newChain()
    const trap = new Trap(at.on, (put) => fullPage(() => put(orphan(at, 16))))
    const liar = await network.stranger(trap.answer)
    await network.withstands(at, async () => {
      expect(await network.recv(liar, at.name)).toEqual({ new: 0, missing: IDS_PER_PAGE })
      expect(trap.pages).toBe(1)
    })
    await network.keepsNoMore(at)
    await network.isSpared(liar, at)
  })
})

describe('sixteen parents each', () => {
  test('there are more ways down than atoms in the world, and no walk takes them all', async () => {
    const at = await network.newChain()
    const owner = author(MALLORY + 1)
    const name = `@${owner.author}`
    const on = chain(name)
    const all = [network.node, ...network.honest]
    for (const { client } of all) await client.call('chains.join', { name })
    const layers: MadeBlock[][] = []
    for (let layer = 0; layer < 80; layer += 1) {
      const backs = (layers.at(-1) ?? []).map(({ block }) => block)
      layers.push(Array.from({ length: 16 }, (_, n) => post(on, { author: owner, backs, payload: String(n) })))
    }
    const wide = await network.stranger(servingBlocks(on, layers.flat()))
    await network.withstands(at, () => network.recv(wide, name))
    for (const daemon of all) {
      await eventually(
        () => idsOf(daemon, name),
        ({ length }) => length === 1 + 80 * 16,
      )
      const heads = await daemon.client.call('chain.heads', { chain: name })
      expect(heads.sort()).toEqual((layers.at(-1) ?? []).map(shown).sort())
    }
    await network.isSpared(wide, at)
  })
})
