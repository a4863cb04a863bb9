/**
 * Pulls between sides in memory: the real requester, responder and codec, with a driver whose every choice (which message
 * comes next, how much fits in a reply, when the stream is cut) is the test's. No sockets, no time.
 */
import type { MadeBlock } from '../../src/dag/block.ts'
import type { Chain } from '../../src/dag/chain.ts'
import { Bug } from '../../src/dag/result.ts'
import { FingerprintTree } from '../../src/dag/fingerprint-tree.ts'
import { Graph } from '../../src/dag/graph.ts'
import type { BlockId } from '../../src/dag/ids.ts'
import { NO_OTHER_PULLS, Claims, type ClaimHolder, type PullClaims } from '../../src/protocol/claims.ts'
import { decodeReply, decodeRequest, encodeReply, encodeRequest } from '../../src/protocol/codec.ts'
import type { PulledBlock } from '../../src/protocol/fetch.ts'
import { GET_IDS } from '../../src/protocol/sync-limits.ts'
import type { Handshake } from '../../src/protocol/membership-proof.ts'
import type { Reply, Request, RequestBody } from '../../src/protocol/messages.ts'
import type { PullEffect, PullInput, PullOptions, StoreOutcome } from '../../src/protocol/pull-types.ts'
import { haveList } from '../../src/protocol/dag-diff.ts'
import { BlocksReply, newResponderStream, planReply, type ServedChain } from '../../src/protocol/responder.ts'
import { awaited, newPullState, step } from '../../src/protocol/pull-machine.ts'
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
  readonly fingerprints: FingerprintTree
  readonly claims = new Claims()
  readonly held = (): readonly number[] => []
  readonly #blocks = new Map<number, MadeBlock>()

  constructor(chain: Chain, blocks: readonly MadeBlock[] = []) {
    this.chain = chain
    this.graph = new Graph(chain.id, 1)
    this.fingerprints = new FingerprintTree(this.graph)
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

  options(more: Partial<PullOptions> = {}, claims: PullClaims = NO_OTHER_PULLS, pick: Pick = FIRST): PullOptions {
    const { graph, chain, fingerprints: folds } = this
    const world = {
      has: (id: BlockId) => graph.has(id),
      haveList: () => haveList(graph),
      fingerprints: folds,
      size: () => graph.size,
      founder: () => undefined,
      needsFounder: () => false,
      claims,
      batchSize: () => GET_IDS - pick(GET_IDS),
      unsound: () => undefined,
      fruitless: () => undefined,
    }
    return { rendezvous: chain.rendezvous, world, ...more }
  }

  /** The blocks of a `get`, at most `most` of them: a reply may always hold less than was asked for. */
  blocksReply(id: number, indexes: readonly (number | undefined)[], most: number): Reply {
    const reply = new BlocksReply(id)
    for (const index of indexes.slice(0, most)) {
      const made = index === undefined ? undefined : this.#blocks.get(index)
      if (index !== undefined && made === undefined) throw new Bug(`side lacks block ${String(index)}`)
      if (!reply.add(made === undefined ? undefined : { stored: made.block, payload: made.payload })) break
    }
    return reply.reply()
  }
}

type Pending =
  | { readonly request: Request; readonly tag: number; readonly round: number }
  | { readonly store: readonly PulledBlock[] }
  | { readonly changed: true }
export type Finish = PullEffect & { readonly do: 'finish' }

/** What a pull cost. A round trip is one more when a request had to wait for a reply of the one before. */
export class Cost {
  /** Bytes of all messages, both ways. */
  bytes = 0
  /** Of those that carry no blocks: what it took to find out what is missing. */
  searchBytes = 0
  rounds = 0
  /** Ids in `ids` and `folds`. */
  listed = 0
  /** Prefixes asked for. */
  prefixes = 0
  /** Round trips that had a part in finding out what is missing. */
  readonly searchRounds = new Set<number>()
  readonly requests: Partial<Record<Request['t'], number>> = {}

  ask(request: Request, bytes: number, round: number): void {
    this.#add(request.t !== 'get', bytes)
    this.rounds = Math.max(this.rounds, round)
    if (request.t !== 'get') this.searchRounds.add(round)
    if (request.t === 'folds') this.prefixes += request.prefixes.length
    this.requests[request.t] = (this.requests[request.t] ?? 0) + 1
  }

  reply(reply: Reply, bytes: number): void {
    this.#add(reply.t !== 'blocks', bytes)
    if (reply.t === 'ids') this.listed += reply.ids.length
    if (reply.t !== 'folds') return
    for (const fold of reply.folds) this.listed += 'ids' in fold ? fold.ids.length : 0
  }

  #add(isSearch: boolean, bytes: number): void {
    this.bytes += bytes
    if (isSearch) this.searchBytes += bytes
  }
}

/**
 * How what is missing is looked for. `folds`: the responder shows one head that is had, and says that there are more,
 * so that folds are asked for whatever the two DAGs. What is there is served as it is.
 */
export type Way = 'any' | 'folds'

/** One pull under way: `to` asks, `from` answers. */
export class Pulling {
  readonly #to: Side
  readonly #from: Side
  readonly #pick: Pick
  readonly #way: Way
  readonly #state: ReturnType<typeof newPullState>
  readonly #stream = newResponderStream(HANDSHAKE)
  readonly #claims: ClaimHolder
  #pending: Pending[] = []
  #round = 0
  readonly cost = new Cost()
  end: Finish | undefined

  constructor(to: Side, from: Side, pick: Pick = FIRST, way: Way = 'any') {
    this.#to = to
    this.#from = from
    this.#pick = pick
    this.#way = way
    this.#claims = to.claims.join(() => {
      if (!this.#pending.some((next) => 'changed' in next)) this.#pending.push({ changed: true })
    })
    this.#state = newPullState(to.options({}, this.#claims, pick))
    this.#feed({ on: 'start' })
  }

  /** Nothing can happen before another pull goes on. */
  get isWaiting(): boolean {
    return this.#pending.length === 0
  }

  /** Whether this pull cannot go on before the other one gives up what it is asking for. */
  waitsFor(other: Pulling): boolean {
    const block = awaited(this.#state)
    return block !== undefined && this.#claims.holderOf(block) === other.#claims
  }

  /** Blocks asked for and not here yet. */
  asking(): BlockId[] {
    return this.#pending.flatMap((next) => ('request' in next && next.request.t === 'get' ? [...next.request.ids] : []))
  }

  /** Lets one thing happen; what is to be stored is stored in its order. */
  advance(): void {
    const picked = this.#pending[this.#pick(this.#pending.length)]
    const isStore = picked !== undefined && 'store' in picked
    const next = isStore ? this.#pending.find((earlier) => 'store' in earlier) : picked
    if (next === undefined) throw new Bug('a pull waits for nothing and has not ended')
    this.#pending.splice(this.#pending.indexOf(next), 1)
    if ('changed' in next) {
      this.#feed({ on: 'changed' })
    } else if ('store' in next) {
      const outcomes = next.store.map(({ block, payload }) =>
        this.#to.add({ block, payload: payload ?? new Uint8Array(0) }),
      )
      this.#feed({ on: 'stored', outcomes })
    } else {
      const wire = encodeReply(this.#answer(next.request))
      const reply = must(decodeReply(wire))
      this.cost.reply(reply, wire.byteLength)
      this.#round = Math.max(this.#round, next.round)
      this.#feed({ on: 'reply', tag: next.tag, reply })
    }
  }

  cut(): void {
    this.#feed({ on: 'failed', reason: 'cut' })
  }

  #answer(request: Request): Reply {
    const { chain, graph, fingerprints: folds } = this.#from
    const served: ServedChain = { chain, graph, fingerprints: folds, held: () => [] }
    const plan = planReply(request, served, this.#stream)
    if (plan.do === 'reply') return this.#way === 'folds' ? this.#shown(plan.reply) : plan.reply
    if (plan.do !== 'blocks') throw new Bug(`a pull does not ask for ${plan.do}`)
    return this.#from.blocksReply(plan.id, plan.indexes, plan.indexes.length - this.#pick(plan.indexes.length))
  }

  /** The genesis is in every graph. */
  #shown(reply: Reply): Reply {
    return reply.t === 'opened' ? { ...reply, heads: [this.#to.graph.id(0)], more: true } : reply
  }

  #feed(input: PullInput): void {
    const [, effects] = step(this.#state, input)
    for (const effect of effects) {
      if (effect.do === 'ask') this.#ask(effect.tag, effect.request)
      else if (effect.do === 'store') this.#pending.push({ store: effect.blocks })
      else this.end = effect
    }
    if (this.end !== undefined) this.#claims.close()
  }

  #ask(tag: number, body: RequestBody): void {
    const wire = encodeRequest({ ...body, id: tag })
    const request = must(decodeRequest(wire))
    const round = this.#round + 1
    this.cost.ask(request, wire.byteLength, round)
    this.#pending.push({ request, tag, round })
  }
}

/** A whole pull. */
export function pullAll(
  to: Side,
  from: Side,
  pick: Pick = FIRST,
  way: Way = 'any',
): Pulling & { readonly end: Finish } {
  const pulling = new Pulling(to, from, pick, way)
  while (pulling.end === undefined) pulling.advance()
  return pulling as Pulling & { readonly end: Finish }
}
