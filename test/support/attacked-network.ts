/**
 * A network under attack: a daemon that strangers attack, and honest daemons that know each other through it alone, so that
 * nothing passes between them unless it still works. What each attack must leave as it was is asserted here, the same way
 * for all of them: memory, honest peers, and the attacker's standing.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { expect, vi } from 'vitest'
import type { MadeBlock } from '../../src/dag/block.ts'
import type { Chain } from '../../src/dag/chain.ts'
import { decodeReply } from '../../src/protocol/codec.ts'
import { above, ALICE, pvt, type Base } from './attack-blocks.ts'
import { AttackedForum, joinedWith, shortHistory } from './attacked-forum.ts'
import { author, chain, must, post } from './blocks.ts'
import { eventually, Playground, type Daemon } from './daemon.ts'
import { Footprint } from './footprint.ts'
import { BREACHES, refuse, servingBlocks, Stranger, type Answer } from './stranger.ts'

const MIB = 1024 * 1024

/** A heap in which the garbage collector has to keep up: what is kept beyond it ends the daemon. */
const HEAP = '--max-old-space-size=96'

/**
 * What an attack may add to a daemon at any moment: the rest of that heap, and what is on its way. Attacks that send more
 * than this in all would show if anything of it was kept; the others make many times the work of it.
 */
export const MEMORY_BYTES = 96 * MIB

/** What an honest post may take to get through meanwhile, on a busy machine. */
const THROUGH_MS = 30_000

/** So large that it does not ride along in an announcement, and has to be pulled. */
const TO_BE_PULLED = 20_000

/** Of a forum with its founder. */
function joining(name: string, by: number): { name: string; founder?: string } {
  return name.startsWith('#') ? { name, founder: author(by).author } : { name }
}

/** A chain for one attack; `base` is its first post, by Alice, which all daemons have. */
export interface AttackedChain extends Base {
  readonly name: string
}

/** What the log tells of a breach. */
export interface Blame {
  readonly code: string
  readonly cause?: string
}

export class AttackedNetwork {
  readonly playground: Playground
  /** The daemon that is attacked. */
  readonly node: Daemon
  /** Each is connected to the node, and to nobody else. */
  readonly honest: readonly [Daemon, ...Daemon[]]
  /** An honest peer in this process: what it has is the test's. */
  readonly friend: Stranger
  readonly #strangers: Stranger[]
  #chains = 0

  private constructor(parts: Pick<AttackedNetwork, 'playground' | 'node' | 'honest' | 'friend'>) {
    this.playground = parts.playground
    this.node = parts.node
    this.honest = parts.honest
    this.friend = parts.friend
    this.#strangers = [parts.friend]
  }

  /** With two honest daemons. The node's heap is small. */
  static async open(): Promise<AttackedNetwork> {
    const playground = await Playground.open()
    vi.stubEnv('NODE_OPTIONS', HEAP)
    const node = await playground.start('node')
    vi.unstubAllEnvs()
    const peers = node.addresses
    const honest = await Promise.all([playground.start('left', { peers }), playground.start('right', { peers })])
    const network = new AttackedNetwork({ playground, node, honest, friend: await Stranger.start() })
    // What only the first of all chains costs is in before anybody measures.
    await network.exchange(await network.newChain())
    return network
  }

  /** With one honest daemon, and clocks that the test may set. */
  static async openWithClocks(): Promise<AttackedNetwork> {
    const playground = await Playground.open()
    const node = await playground.start('node', { testClock: true })
    const honest = await playground.start('honest', { testClock: true, peers: node.addresses })
    return new AttackedNetwork({ playground, node, honest: [honest], friend: await Stranger.start() })
  }

  async close(): Promise<void> {
    await Promise.all(this.#strangers.map((stranger) => stranger.stop()))
    await this.playground.close()
  }

  /** A chain that all daemons are on; begun by Alice, unless told. */
  async newChain(name = `#attacked-${String(++this.#chains)}`, by = ALICE): Promise<AttackedChain> {
    const on = chain(name)
    const base = post(on, { author: by, payload: 'the first one', time: Date.now() - 60_000 })
    const all = [this.node, ...this.honest]
    await Promise.all(all.map(({ client }) => client.call('chains.join', joining(name, by))))
    await this.bring(name, servingBlocks(on, [base]))
    for (const daemon of all) {
      await eventually(
        () => idsOf(daemon, name),
        (ids) => ids.length === 2,
      )
    }
    return { on, name, base }
  }

  /**
   * A forum with this history; by default Alice's first post, Bob's, her like of it, and one more of hers.
   * @param on with pioneers, or the chain of an owner; by default neither
   */
  async newForum(
    makeHistory: (on: Chain) => readonly MadeBlock[] = shortHistory,
    on = chain(`#forum-${String(++this.#chains)}`),
  ): Promise<AttackedForum> {
    const { name } = on.params
    const history = makeHistory(on)
    for (const { client } of [this.node, ...this.honest]) await client.call('chains.join', joinedWith(on, history[0]))
    this.friend.answer = servingBlocks(on, history)
    await this.recv(this.friend, name)
    const forum = new AttackedForum(this, on, history)
    await forum.begin()
    return forum
  }

  /** By the node's clock. */
  now(): Promise<number> {
    return this.node.client.call('host.now', {})
  }

  async setClocks(ms: number): Promise<void> {
    for (const { client } of [...this.honest, this.node]) await client.call('host.now', { ms })
  }

  /** The node pulls from the friend; how much was new. */
  async bring(name: string, answer: Answer): Promise<number> {
    this.friend.answer = answer
    return (await this.recv(this.friend, name)).new
  }

  /** Somebody new, connected to the node. */
  async stranger(answer: Answer = refuse): Promise<Stranger> {
    const stranger = await Stranger.start()
    this.#strangers.push(stranger)
    stranger.answer = answer
    await stranger.meet(this.node)
    return stranger
  }

  recv({ address }: Stranger, name: string): Promise<{ new: number; missing: number }> {
    return this.node.client.call('peer.recv', { addr: address, chain: name })
  }

  /** Each honest daemon posts once, and the other one comes to have it: what rides along, and what has to be pulled. */
  async exchange({ name }: AttackedChain): Promise<void> {
    const [left, right = left] = this.honest
    for (const [from, to, length] of [
      [left, right, 10],
      [right, left, TO_BE_PULLED],
    ] as const) {
      const text = 'x'.repeat(length)
      const { id } = await from.client.call('chain.post', { chain: name, text, sign: pvt(ALICE) })
      for (const daemon of [this.node, to]) {
        await eventually(
          () => idsOf(daemon, name),
          (ids) => ids.includes(id),
          THROUGH_MS,
        )
      }
    }
  }

  /**
   * The attack comes in waves, at least so many, and until an honest exchange on the chain is through. Memory stays
   * bounded all the while.
   */
  async withstands(
    at: AttackedChain,
    wave: () => Promise<unknown>,
    { waves = 1, memoryBytes = MEMORY_BYTES } = {},
  ): Promise<void> {
    const footprint = await Footprint.of(this.node)
    const honest = { isThrough: false }
    const exchange = this.exchange(at).finally(() => (honest.isThrough = true))
    exchange.catch(() => undefined)
    for (let made = 0; made < waves || !honest.isThrough; made += 1) {
      await wave()
      // A wave that waits for nothing must not keep the honest ones of this process from being heard.
      await nextTurn()
    }
    await exchange
    expect(await footprint.peakGrowth()).toBeLessThan(memoryBytes)
  }

  /** What the log of a daemon (the node's, unless told) holds against a peer, oldest first. */
  blames({ id }: { readonly id: string }, daemon = this.node): Blame[] {
    const lines = daemon.log().split('\n')
    const about = lines.filter((line) => line.includes('"peer.fault"') && line.includes(id))
    const told = about.map((line) => JSON.parse(line) as Blame & { readonly consequence: string })
    return told
      .filter(({ consequence }) => consequence === 'penalise')
      .map(({ code, cause }) => ({ code, ...(cause === undefined ? {} : { cause }) }))
  }

  /** It was blamed so often, each time for this, and is out for it. */
  async isBanned(stranger: Stranger, blame: Blame, times = BREACHES): Promise<void> {
    const blames = await eventually(
      () => Promise.resolve(this.blames(stranger)),
      ({ length }) => length >= times,
    )
    expect(blames.slice(0, times)).toEqual(Array.from({ length: times }, () => blame))
    await this.isOut(stranger)
  }

  /** The connection is closed, and none can be opened from either side. */
  async isOut(stranger: Stranger): Promise<void> {
    await eventually(
      () => Promise.resolve(stranger.host.isConnected(this.node.peerId)),
      (is) => !is,
    )
    await expect(stranger.wire(this.node)).rejects.toThrow()
    expect(await stranger.isWelcome(this.node)).toBe(false)
    const peers = await this.node.client.call('peer.list', {})
    expect(peers.map(({ id }) => id)).not.toContain(stranger.id)
  }

  /** Nothing is held against it: the node still answers its requests, and would take four breaches from it. */
  async isSpared(stranger: Stranger, { on }: AttackedChain): Promise<void> {
    stranger.answer = refuse
    const wire = await stranger.wire(this.node)
    const reply = await wire.ask({ t: 'open', id: 1, chain: on.rendezvous })
    expect(must(decodeReply(reply ?? new Uint8Array())).t).toBe('opened')
    await wire.close()
    expect(this.blames(stranger)).toEqual([])
    expect(await stranger.breachesLeft(this.node)).toBe(BREACHES)
  }

  /** All that a daemon keeps of a chain; the node, unless told. */
  async view({ name }: AttackedChain, daemon = this.node): Promise<unknown> {
    const { blocks, heads, held, bytes: size, missing } = await daemon.client.call('chain.status', { chain: name })
    return { blocks, heads, held, size, missing, ids: await idsOf(daemon, name) }
  }

  /** In the end the node keeps no more of a chain than the honest daemons, to whom nobody lied. */
  async keepsNoMore(at: AttackedChain): Promise<void> {
    // What was posted last may not be at all of them yet.
    const [here, ...there] = await eventually(
      () => Promise.all([this.node, ...this.honest].map((daemon) => this.view(at, daemon))),
      ([first, ...others]) => others.every((other) => isDeepStrictEqual(first, other)),
    )
    for (const view of there) expect(here).toEqual(view)
  }

  /** It was blamed for these, in this order, and is let in no more once it has used up what is left to it. */
  async isBlamed(stranger: Stranger, blames: readonly Blame[]): Promise<void> {
    await eventually(
      () => Promise.resolve(this.blames(stranger)),
      ({ length }) => length >= blames.length,
    )
    expect(this.blames(stranger)).toEqual(blames)
    const isOver = blames.some(({ cause }) => cause === 'DAG_BAD_SIGNATURE')
    expect(await stranger.breachesLeft(this.node)).toBe(isOver ? 0 : BREACHES - blames.length)
    await this.isOut(stranger)
  }

  /**
   * A lie in answer to a pull, told until its teller is banned, or (if an honest peer may come to say it) as often: nothing
   * of it stays, and what it was about can be had from others.
   */
  async refuses(lie: Lie): Promise<void> {
    const at = await this.newChain()
    const times = lie.blame?.cause === 'DAG_BAD_SIGNATURE' ? 1 : BREACHES
    await this.withstands(at, async () => {
      const liar = await this.stranger(lie.tell(at))
      for (let told = 0; told < times; told += 1) {
        const recv = this.recv(liar, at.name)
        if (lie.error === undefined) expect(await recv).toMatchObject({ new: 0 })
        else await expect(recv).rejects.toThrow(lie.error)
      }
      if (lie.blame === undefined) await this.isSpared(liar, at)
      else await this.isBanned(liar, lie.blame, times)
    })
    await this.keepsNoMore(at)
    expect(await this.bring(at.name, servingBlocks(at.on, [at.base, above(at)]))).toBe(1)
  }
}

/** Told in answer to a pull. */
export interface Lie {
  readonly title: string
  readonly tell: (at: AttackedChain) => Answer
  /** What `peer recv` says of it; nothing: it ends well. */
  readonly error?: RegExp
  /** What it is blamed for; nothing: an honest peer may come to say it. */
  readonly blame?: Blame
}

export function idsOf(daemon: Daemon, name: string): Promise<string[]> {
  return daemon.client.call('chain.consensus', { chain: name })
}
