/**
 * Pulls between sides in memory: the real requester, responder and codec, with a driver whose every choice (which message
 * comes next, how much fits in a reply, when the stream is cut) is the test's. No sockets, no time.
 */
import type { MadeBlock } from '../../src/dag/block.ts'
import type { Chain } from '../../src/dag/chain.ts'
import { Bug } from '../../src/dag/faults.ts'
import { Graph } from '../../src/dag/graph.ts'
import type { BlockId } from '../../src/dag/ids.ts'
import { decodeReply, decodeRequest, encodeReply, encodeRequest } from '../../src/protocol/codec.ts'
import type { PulledBlock } from '../../src/protocol/fetch.ts'
import type { Handshake } from '../../src/protocol/member.ts'
import type { Reply, Request, RequestBody } from '../../src/protocol/messages.ts'
import type { PullEffect, PullInput, PullOptions, StoreOutcome } from '../../src/protocol/pull.ts'
import { haveList } from '../../src/protocol/reconcile.ts'
import { BlocksReply, newServeStream, planReply, type ServedChain } from '../../src/protocol/serve.ts'
import { newPull, step } from '../../src/protocol/session.ts'
import { must } from './blocks.ts'

/** Picks one of n: 0 … n − 1. */
export type Pick = (n: number) => number

export const FIRST: Pick = () => 0

export const HANDSHAKE: Handshake = {
  requesterNonce: new Uint8Array(32).fill(1),
  responderNonce: new Uint8Array(32).fill(2),
  requesterPeer: Uint8Array.of(0, 1, 1),
  responderPeer: Uint8Array.of(0, 1, 2),
}

/** A chain as one peer has it. Takes any block whose backs it has. */
export class Side {
  readonly chain: Chain
  readonly graph: Graph
  readonly held = (): readonly number[] => []
  readonly #blocks = new Map<number, MadeBlock>()

  constructor(chain: Chain, blocks: readonly MadeBlock[] = []) {
    this.chain = chain
    this.graph = new Graph(chain.id, 1)
    for (const made of blocks) this.add(made)
  }

  add(made: MadeBlock): StoreOutcome {
    const { id, header } = made.block
    if (this.graph.has(id)) return { id, state: 'known' }
    const backs: number[] = []
    for (const back of header.backs) {
      const index = this.graph.indexOf(back)
      if (index === undefined) return { id, state: 'refused', fault: { code: 'DAG_MISSING_BACK', back } }
      backs.push(index)
    }
    this.#blocks.set(this.graph.add({ id, height: header.height, time: header.time, backs }, true), made)
    return { id, state: 'accepted', others: 0 }
  }

  ids(): BlockId[] {
    return Array.from({ length: this.graph.size - 1 }, (_, i) => this.graph.id(i + 1)).sort()
  }

  options(more: Partial<PullOptions> = {}): PullOptions {
    const { graph, chain } = this
    const world = {
      has: (id: BlockId) => graph.has(id),
      haveList: () => haveList(graph),
      size: () => graph.size,
      pioneer: () => undefined,
    }
    return { rendezvous: chain.rendezvous, world, ...more }
  }

  /** The blocks of a `get`, at most `most` of them: a reply may always hold less than was asked for. */
  blocksReply(id: number, indexes: readonly (number | undefined)[], most: number): Reply {
    const reply = new BlocksReply(id)
    for (const index of indexes.slice(0, most)) {
      const made = index === undefined ? undefined : this.#blocks.get(index)
      if (index !== undefined && made === undefined) throw new Bug(`side lacks block ${String(index)}`)
      if (!reply.add(made === undefined ? undefined : { ...made.block, payload: made.payload })) break
    }
    return reply.reply()
  }
}

type Pending = { readonly request: Request; readonly tag: number } | { readonly store: readonly PulledBlock[] }
export type Finish = PullEffect & { readonly do: 'finish' }

/** One pull under way: `to` asks, `from` answers. */
export class Pulling {
  readonly #to: Side
  readonly #from: Side
  readonly #pick: Pick
  readonly #state: ReturnType<typeof newPull>
  readonly #stream = newServeStream(HANDSHAKE)
  #pending: Pending[] = []
  /** Bytes of all messages, both ways. */
  bytes = 0
  end: Finish | undefined

  constructor(to: Side, from: Side, pick: Pick = FIRST) {
    this.#to = to
    this.#from = from
    this.#pick = pick
    this.#state = newPull(to.options())
    this.#feed({ on: 'start' })
  }

  /** Lets one thing happen. */
  advance(): void {
    const [next] = this.#pending.splice(this.#pick(this.#pending.length), 1)
    if (next === undefined) throw new Bug('a pull waits for nothing and has not ended')
    if ('store' in next) {
      const outcomes = next.store.map(({ block, payload }) =>
        this.#to.add({ block, payload: payload ?? new Uint8Array(0) }),
      )
      this.#feed({ on: 'stored', outcomes })
    } else {
      const wire = encodeReply(this.#answer(next.request))
      this.bytes += wire.byteLength
      this.#feed({ on: 'reply', tag: next.tag, reply: must(decodeReply(wire)) })
    }
  }

  cut(): void {
    this.#feed({ on: 'failed', reason: 'cut' })
  }

  #answer(request: Request): Reply {
    const { chain, graph } = this.#from
    const served: ServedChain = { chain, graph, held: () => [] }
    const plan = planReply(request, served, this.#stream)
    if (plan.do === 'reply') return plan.reply
    if (plan.do !== 'blocks') throw new Bug(`a pull does not ask for ${plan.do}`)
    return this.#from.blocksReply(plan.id, plan.indexes, plan.indexes.length - this.#pick(plan.indexes.length))
  }

  #feed(input: PullInput): void {
    const [, effects] = step(this.#state, input)
    for (const effect of effects) {
      if (effect.do === 'ask') this.#ask(effect.tag, effect.request)
      else if (effect.do === 'store') this.#pending.push({ store: effect.blocks })
      else this.end = effect
    }
  }

  #ask(tag: number, request: RequestBody): void {
    const wire = encodeRequest({ ...request, id: tag })
    this.bytes += wire.byteLength
    this.#pending.push({ request: must(decodeRequest(wire)), tag })
  }
}

/** A whole pull. */
export function pullAll(to: Side, from: Side, pick: Pick = FIRST): Pulling & { readonly end: Finish } {
  const pulling = new Pulling(to, from, pick)
  while (pulling.end === undefined) pulling.advance()
  return pulling as Pulling & { readonly end: Finish }
}
