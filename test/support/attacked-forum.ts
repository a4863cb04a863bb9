/**
 * A forum under attack, with a short history that the attacked node and an honest daemon have. {@link AttackedForum.settled}
 * says what an attack may change.
 */
import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'
import type { MadeBlock } from '../../src/dag/block.ts'
import type { Chain } from '../../src/dag/chain.ts'
import type { ControlEvent } from '../../src/node/control/shapes.ts'
import { decodeReply } from '../../src/protocol/codec.ts'
import { ALICE, BOB, pvt, riding, shown } from './attack-blocks.ts'
import { like, must, post } from './blocks.ts'
import { eventually, type Daemon } from './daemon.ts'
import { DAY, HOUR } from './economy.ts'
import { callsOn, person } from './forum-nodes.ts'
import type { Stranger } from './stranger.ts'

/** What an honest post may take to get through meanwhile, on a busy machine. */
const THROUGH_MS = 30_000

/** Alice's first post, Bob's, her like of it, and one more of hers. */
export function shortHistory(on: Chain): readonly MadeBlock[] {
  const now = Date.now()
  const first = post(on, { author: ALICE, time: now - 5 * DAY, payload: 'first' })
  const bobs = post(on, { author: BOB, backs: [first.block], time: now - 4 * DAY })
  const welcome = like(on, 1, bobs.block, { author: ALICE, backs: [bobs.block], time: now - 4 * DAY })
  const top = post(on, { author: ALICE, backs: [welcome.block], time: now - 2 * HOUR })
  return [first, bobs, welcome, top]
}

/** With what a chain of that first post is joined. */
export function joinedWith({ params: { kind, name, pioneers } }: Chain, first?: MadeBlock) {
  if (pioneers.length > 0) return { name, keys: [...pioneers] }
  const founder = first?.block.header.author
  return kind === 'forum' && founder !== undefined ? { name, founder } : { name }
}

/** How often is looked for a post before it is told of once more. */
const ASKED_PER_SAY = 25

/** What came of an attack. */
export interface Outcome {
  /** What of it is accepted; nothing by default. */
  readonly accepted?: readonly MadeBlock[]
  /** What was accepted before, or meanwhile, and is not any more. */
  readonly withdrawn?: readonly MadeBlock[]
}

/** The daemons and the honest peer of an attacked network. */
export interface ForumNetwork {
  readonly node: Daemon
  readonly honest: readonly [Daemon, ...Daemon[]]
  readonly friend: Stranger
}

export class AttackedForum {
  readonly on: Chain
  readonly name: string
  readonly history: readonly MadeBlock[]
  /** All that the node told local apps of this forum. */
  readonly events: ControlEvent[] = []
  /** Posts held at the node, by id. */
  readonly held: string[] = []
  readonly #network: ForumNetwork
  /** What honest peers posted since. */
  readonly #honestIds: string[] = []

  constructor(network: ForumNetwork, on: Chain, history: readonly MadeBlock[]) {
    this.#network = network
    this.on = on
    this.name = on.params.name
    this.history = history
  }

  /** The last block of the history, on which all others stand. */
  get top(): MadeBlock {
    return this.history.at(-1)!
  }

  async begin(): Promise<void> {
    const {
      node,
      honest: [honest],
    } = this.#network
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
    await this.#network.friend.meet(node)
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
    const {
      node,
      honest: [honest],
      friend,
    } = this.#network
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
    const {
      node,
      honest: [honest],
    } = this.#network
    const { id } = await honest.client.call('chain.post', { chain: this.name, text: 'still here', sign: pvt(ALICE) })
    this.#honestIds.push(id)
    await eventually(
      () => this.ids(node),
      (ids) => ids.includes(id),
      THROUGH_MS,
    )
  }

  /**
   * They post at the honest daemon and at the node by turns; each post is accepted at once, and both come to agree on all.
   * Gives the ids.
   */
  async canPost(...authors: readonly number[]): Promise<string[]> {
    const ids: string[] = []
    const { agreed } = callsOn(this.name)
    const daemons = [...this.#network.honest, this.#network.node]
    for (const [n, by] of authors.entries()) {
      const said = { chain: this.name, text: 'still here', sign: pvt(by) }
      const { id, state, why } = await daemons[n % daemons.length]!.client.call('chain.post', said)
      expect([state, why]).toEqual(['accepted', undefined])
      ids.push(id)
      await agreed(daemons, id)
    }
    this.#honestIds.push(...ids)
    return ids
  }

  /** What both daemons say of their reps, once they agree on all. */
  async repsOf(...authors: readonly number[]): Promise<number[]> {
    const { node, honest } = this.#network
    const { reps } = await callsOn(this.name).agreed([node, ...honest])
    return authors.map((by) => Number(reps.find(({ pub }) => pub === person(by).pub)?.reps ?? 0))
  }

  /** Both daemons come to accept the history, what honest peers posted, and that; nothing else was withdrawn. */
  async settled({ accepted = [], withdrawn = [] }: Outcome = {}): Promise<void> {
    const {
      node,
      honest: [honest],
    } = this.#network
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

  /** In the end the node keeps no more of the forum than the honest daemon, which nobody lied to. */
  async keepsNoMore(): Promise<void> {
    const {
      node,
      honest: [honest],
    } = this.#network
    // What was posted last may not be at both yet.
    const [here, there] = await eventually(
      () => Promise.all([this.view(node), this.view(honest)]),
      ([one, other]) => isDeepStrictEqual(one, other),
    )
    expect(here).toEqual(there)
  }

  /** The node still answers this peer's requests. */
  async serves(stranger: Stranger): Promise<void> {
    const wire = await stranger.wire(this.#network.node)
    const reply = await wire.ask({ t: 'open', id: 1, chain: this.on.rendezvous })
    expect(must(decodeReply(reply ?? new Uint8Array())).t).toBe('opened')
    await wire.close()
  }
}
