/**
 * A forum under siege: a daemon that strangers lie to, an honest daemon in sync with it, and an honest peer in this
 * process. Each scene is a forum of its own with a short history, which both daemons have; whoever besieges it is told by
 * what may change: see {@link Scene.settled}.
 */
import { randomBytes } from 'node:crypto'
import { bytesToHex } from '@noble/hashes/utils.js'
import { expect } from 'vitest'
import type { MadeBlock } from '../../src/dag/block.ts'
import type { Chain } from '../../src/dag/chain.ts'
import { showId, type BlockId } from '../../src/dag/ids.ts'
import type { ControlEvent } from '../../src/node/control/shapes.ts'
import { decodeReply } from '../../src/protocol/codec.ts'
import { encodeAnnouncement } from '../../src/protocol/gossip-codec.ts'
import { author, chain, like, must, post, type PostParts } from './blocks.ts'
import { eventually, Playground, type Daemon } from './daemon.ts'
import { DAY, HOUR } from './economy.ts'
import { refuse, shelf, Stranger, type Answer } from './stranger.ts'

/** The pioneer, with some 30 reps. */
export const ALICE = 1
/** Was welcomed by her: 2 reps. */
export const BOB = 2
/** Nobody. */
export const MALLORY = 3

/** What an honest post may take to get through while the node is besieged, on a busy machine. */
const THROUGH_MS = 10_000

export class Siege {
  readonly playground: Playground
  /** The daemon that is lied to. */
  readonly node: Daemon
  /** In sync with it. */
  readonly honest: Daemon
  /** An honest peer: what it says is the test's. */
  readonly friend: Stranger
  readonly #strangers: Stranger[]
  #scenes = 0

  private constructor(parts: Pick<Siege, 'playground' | 'node' | 'honest' | 'friend'>) {
    this.playground = parts.playground
    this.node = parts.node
    this.honest = parts.honest
    this.friend = parts.friend
    this.#strangers = [this.friend]
  }

  static async open(): Promise<Siege> {
    const playground = await Playground.open()
    const node = await playground.start('node', { testClock: true })
    const honest = await playground.start('honest', { testClock: true, peers: node.addresses })
    return new Siege({ playground, node, honest, friend: await Stranger.start() })
  }

  async close(): Promise<void> {
    await Promise.all(this.#strangers.map((stranger) => stranger.stop()))
    await this.playground.close()
  }

  /** A forum with this history; by default Alice's first post, Bob's, her like of it, and one more of hers. */
  async scene(makeHistory: (on: Chain) => readonly MadeBlock[] = shortHistory): Promise<Scene> {
    this.#scenes += 1
    const name = `#scene-${String(this.#scenes)}`
    const history = makeHistory(chain(name))
    for (const { client } of [this.node, this.honest]) await client.call('chains.join', { name })
    this.friend.answer = shelf(chain(name), history)
    await this.node.client.call('peer.recv', { addr: this.friend.address, chain: name })
    const scene = new Scene(this, chain(name), history)
    await scene.begin()
    return scene
  }

  /** Somebody new, connected to the node. */
  async stranger(answer: Answer = refuse): Promise<Stranger> {
    const stranger = await Stranger.start()
    this.#strangers.push(stranger)
    stranger.answer = answer
    await stranger.meet(this.node)
    return stranger
  }
}

function shortHistory(on: Chain): readonly MadeBlock[] {
  const now = Date.now()
  const first = post(on, { author: ALICE, time: now - 5 * DAY, payload: 'first' })
  const bobs = post(on, { author: BOB, backs: [first.block], time: now - 4 * DAY })
  const welcome = like(on, 1, bobs.block, { author: ALICE, backs: [bobs.block], time: now - 4 * DAY })
  const top = post(on, { author: ALICE, backs: [welcome.block], time: now - 2 * HOUR })
  return [first, bobs, welcome, top]
}

/** What came of a siege. */
export interface Outcome {
  /** What of it is accepted; nothing by default. */
  readonly accepted?: readonly MadeBlock[]
  /** What was accepted before, or meanwhile, and is not any more. */
  readonly withdrawn?: readonly MadeBlock[]
}

export class Scene {
  readonly on: Chain
  readonly name: string
  readonly history: readonly MadeBlock[]
  /** All that the node told local apps of this forum. */
  readonly events: ControlEvent[] = []
  /** Posts held at the node, by id. */
  readonly held: string[] = []
  readonly #siege: Siege
  /** What honest peers posted since. */
  readonly #honestIds: string[] = []

  constructor(siege: Siege, on: Chain, history: readonly MadeBlock[]) {
    this.#siege = siege
    this.on = on
    this.name = on.params.name
    this.history = history
  }

  /** The last block of the history, on which all others stand. */
  get top(): MadeBlock {
    return this.history.at(-1)!
  }

  async begin(): Promise<void> {
    const { node, honest } = this.#siege
    const genesis = await node.client.call('chain.genesis', { chain: this.name })
    void (async () => {
      for await (const event of node.client.subscribe('chain.listen', { chain: this.name, from: [genesis] }))
        this.events.push(event)
    })().catch(() => undefined)
    const isTold = (): boolean => this.events.length === this.history.length
    await eventually(() => Promise.resolve(isTold()), Boolean)
    for (const daemon of [node, honest]) {
      await eventually(
        () => this.ids(daemon),
        (ids) => ids.length === this.history.length + 1,
      )
    }
    await this.#siege.friend.meet(node)
  }

  ids(daemon: Daemon): Promise<string[]> {
    return daemon.client.call('chain.consensus', { chain: this.name })
  }

  /** All that is kept of the forum, but for what is said of peers. */
  async view(daemon: Daemon): Promise<unknown> {
    const { blocks, heads, held, bytes, missing } = await daemon.client.call('chain.status', { chain: this.name })
    const headIds = await daemon.client.call('chain.heads', { chain: this.name, state: 'all' })
    return { blocks, heads, held, bytes, missing, headIds, ids: await this.ids(daemon) }
  }

  /** A post of Alice's on the history, which is to get in. */
  honestBlock(): MadeBlock {
    const made = post(this.on, { author: ALICE, backs: [this.top.block], payload: randomBytes(8) })
    this.#honestIds.push(shown(made))
    return made
  }

  /** The friend tells of such a post; resolves once both daemons have it. */
  async friendPosts(): Promise<void> {
    const { node, honest, friend } = this.#siege
    const made = this.honestBlock()
    await friend.say(this.on, () => riding(made))
    for (const daemon of [node, honest]) {
      let asked = 0
      await eventually(
        async () => {
          asked += 1
          // While the queue of riding blocks is full an announcement is only a hint, and this friend has nothing to pull.
          if (asked % ASKED_PER_SAY === 0) await friend.say(this.on, () => riding(made))
          return this.ids(daemon)
        },
        (ids) => ids.includes(shown(made)),
        THROUGH_MS,
      )
    }
  }

  /** A post of Alice's at the honest daemon; resolves once the node has it. */
  async honestPosts(): Promise<void> {
    const { node, honest } = this.#siege
    const { id } = await honest.client.call('chain.post', { chain: this.name, text: 'still here', sign: pvt(ALICE) })
    this.#honestIds.push(id)
    await eventually(
      () => this.ids(node),
      (ids) => ids.includes(id),
      THROUGH_MS,
    )
  }

  /** Both daemons come to accept the history, what honest peers posted, and that; nothing else was withdrawn. */
  async settled({ accepted = [], withdrawn = [] }: Outcome = {}): Promise<void> {
    const { node, honest } = this.#siege
    const lost = new Set(withdrawn.map(shown))
    const kept = [...this.history, ...accepted].map(shown).filter((id) => !lost.has(id))
    const expected = [...kept, ...this.#honestIds].sort()
    for (const daemon of [node, honest]) {
      const ids = await eventually(
        () => this.ids(daemon),
        (found) => found.slice(1).sort().join() === expected.join(),
      )
      const traversed = await daemon.client.call('chain.traverse', {
        chain: this.name,
        from: ids.slice(0, 1),
        all: true,
      })
      expect(traversed.sort()).toEqual(daemon === node ? [...expected, ...this.held].sort() : expected)
    }
    const toldLost = (): string[] => this.events.filter(({ kind }) => kind === 'withdrawn').map(({ id }) => id)
    await eventually(
      () => Promise.resolve(toldLost()),
      ({ length }) => length >= lost.size,
    )
    expect(toldLost()).toEqual([...lost])
  }

  /** The node keeps no more of the forum than the honest daemon, which nobody lied to. */
  async keepsNoMore(): Promise<void> {
    const { node, honest } = this.#siege
    expect(await this.view(node)).toEqual(await this.view(honest))
  }

  /** The node still answers this peer's requests. */
  async serves(stranger: Stranger): Promise<void> {
    const wire = await stranger.wire(this.#siege.node)
    const reply = await wire.ask({ t: 'open', id: 1, chain: this.on.rendezvous })
    expect(must(decodeReply(reply ?? new Uint8Array())).t).toBe('opened')
    await wire.close()
  }
}

/** An announcement with the block. */
export function riding({ block, payload }: MadeBlock): Uint8Array {
  const { id, headerBytes, signature } = block
  const carried = { headerBytes, payload, ...(signature === undefined ? {} : { signature }) }
  return encodeAnnouncement({ v: 1, nonce: randomBytes(8), heads: [id], block: carried })
}

/** How often is looked for a post before it is told of once more. */
const ASKED_PER_SAY = 25

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
