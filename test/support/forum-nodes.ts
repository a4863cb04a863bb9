/** Real daemons that share one forum: people who post there, and what a test asks of several nodes at once. */
import { bytesToHex } from '@noble/hashes/utils.js'
import type { BlockView, ControlEvent } from '../../src/node/control/shapes.ts'
import { author } from './blocks.ts'
import { eventually, type Daemon } from './daemon.ts'

export const FORUM = '#chat'
export const DAY_MS = 86_400_000

export interface Person {
  readonly pub: string
  readonly pvt: string
}

/** Person number n, the same one every time. */
export function person(n: number): Person {
  const { seed, author: pub } = author(n)
  return { pub, pvt: bytesToHex(seed).toUpperCase() + pub }
}

/** What all nodes with the same blocks have to agree on. */
export interface ForumView {
  readonly heads: readonly string[]
  /** Without the genesis. */
  readonly accepted: readonly string[]
  readonly reps: readonly Reps[]
}

export interface Reps {
  readonly pub: string
  readonly reps: number | 'unlimited'
}

/** What a test does on a forum, on any node that has joined it. */
export function callsOn(chain: string) {
  async function post(node: Daemon, by: Person, text: string): Promise<string> {
    return (await node.client.call('chain.post', { chain, text, sign: by.pvt })).id
  }

  async function like(node: Daemon, by: Person, id: string): Promise<string> {
    return (await node.client.call('chain.like', { chain, id, sign: by.pvt })).id
  }

  async function dislike(node: Daemon, by: Person, id: string, why?: string): Promise<string> {
    const reason = why === undefined ? {} : { why }
    return (await node.client.call('chain.dislike', { chain, id, sign: by.pvt, ...reason })).id
  }

  async function blockOn(node: Daemon, id: string): Promise<BlockView> {
    const block = await node.client.call('chain.get', { chain, id, part: 'block' })
    if (typeof block === 'string') throw new Error('a block is no payload')
    return block
  }

  /** As text. */
  async function payloadOn(node: Daemon, id: string): Promise<string> {
    const payload = await node.client.call('chain.get', { chain, id, part: 'payload' })
    if (typeof payload !== 'string') throw new Error('a payload is text in base64')
    return Buffer.from(payload, 'base64').toString()
  }

  /** How the node sees a block: its state, or the code of what is said instead. */
  async function stateOn(node: Daemon, id: string): Promise<string> {
    return blockOn(node, id).then(({ state }) => state, codeOf)
  }

  async function blockedOn(node: Daemon): Promise<string[]> {
    return node.client.call('chain.heads', { chain, state: 'blocked' })
  }

  async function viewOf(node: Daemon): Promise<ForumView> {
    const heads = await node.client.call('chain.heads', { chain })
    const [, ...accepted] = await node.client.call('chain.consensus', { chain })
    const reps = await node.client.call('chain.reps', { chain })
    if (typeof reps === 'number') throw new Error('without a name they are those of all')
    return { heads, accepted, reps }
  }

  /** Waits until all nodes see the same, these blocks among it, and gives that. */
  async function agreed(nodes: readonly Daemon[], ...ids: readonly string[]): Promise<ForumView> {
    const views = await eventually(
      () => Promise.all(nodes.map(viewOf)),
      ([first, ...others]) =>
        first !== undefined &&
        ids.every((id) => first.accepted.includes(id)) &&
        others.every((other) => JSON.stringify(other) === JSON.stringify(first)),
    )
    return views[0] as ForumView
  }

  return { post, like, dislike, blockOn, payloadOn, stateOn, blockedOn, viewOf, agreed }
}

export const { post, like, dislike, blockOn, payloadOn, stateOn, blockedOn, viewOf, agreed } = callsOn(FORUM)

/** The clocks of nodes that were started with one for tests. */
export async function setClocks(nodes: readonly Daemon[], ms: number): Promise<void> {
  for (const node of nodes) await node.client.call('host.now', { ms })
}

/** What `chain.listen` tells, from now on; ends with the daemon. */
export class Ears {
  readonly heard: ControlEvent[] = []

  /** Resolves when the daemon listens. */
  static async on(node: Daemon, chain = FORUM): Promise<Ears> {
    const ears = new Ears()
    const { events } = await node.client.open('chain.listen', { chain })
    void ears.#listen(events).catch(() => undefined)
    return ears
  }

  /** The kinds of events about a block, in the order in which they came. */
  about(id: string): string[] {
    return this.heard.filter((event) => event.id === id).map(({ kind }) => kind)
  }

  /** Waits until the block has been spoken of so often. */
  async until(id: string, kinds: readonly string[]): Promise<void> {
    await eventually(
      () => Promise.resolve(this.about(id)),
      (about) => about.length >= kinds.length && about.join() === kinds.join(),
    )
  }

  async #listen(events: AsyncIterable<ControlEvent>): Promise<void> {
    for await (const event of events) this.heard.push(event)
  }
}

/** The stable code of a refusal. */
export function codeOf(error: unknown): string {
  return (error as { code?: string }).code ?? String(error)
}
