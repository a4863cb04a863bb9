/**
 * Carries out one pull of one chain from one peer (spec §8): feeds the session core, performs its effects. It has no
 * opinions of its own but how a long payload gets from the stream into the store.
 */
import type { BlockId } from '../../../dag/ids.ts'
import type { ClaimHolder, Claims } from '../../../protocol/claims.ts'
import type { BlockFault, ProtocolFault } from '../../../protocol/faults.ts'
import type { PulledBlock } from '../../../protocol/fetch.ts'
import type { Handshake } from '../../../protocol/membership-proof.ts'
import type { RequestBody } from '../../../protocol/messages.ts'
import { Stragglers, type Rival } from '../../../protocol/stragglers.ts'
import type { FruitlessEnd, PullEffect, PullInput, PullResult, StoreOutcome } from '../../../protocol/pull-types.ts'
import { haveList } from '../../../protocol/dag-diff.ts'
import { awaited, endOfOutcomes, newPull, step, wantedNow, type PullState } from '../../../protocol/pull-machine.ts'
import type { BatchSize } from '../../../protocol/batch-size.ts'
import type { Incoming } from '../../chain/intake/validate-block.ts'
import { payloadOfPulled } from './payload-fetch.ts'
import type { PullStatus } from './pull-progress.ts'
import type { Replica } from '../../chain/replica.ts'
import { isRpcFault } from './faults.ts'
import type { SyncStream } from './client.ts'
import { JobQueue } from '../../base/job-queue.ts'
import type { MayRecheck } from '../../chain/intake/signatures.ts'
import { onAbort } from '../../base/deadline.ts'

export interface PullOptions {
  readonly replica: Replica
  readonly stream: SyncStream
  /** Bytes of both peer ids and both nonces, for the proof of membership. */
  readonly handshake: Handshake
  readonly signal: AbortSignal
  /** The budget of this peer. */
  readonly mayRecheck: MayRecheck
  /** Those of all pulls of this chain. */
  readonly claims: Claims
  /** What is known of this peer's line. */
  readonly batchSize: BatchSize
  readonly unsound: (id: BlockId) => BlockFault | undefined
  readonly fruitless: (heads: readonly BlockId[]) => FruitlessEnd | undefined
  /** Asked between blocks and frames: others wait for their turn. */
  readonly shouldYield: () => boolean
  /** Blocks, or a frame of a payload, came in. */
  readonly onReceived: (blocks: number, bytes: number) => void
  /** Something useful is stored. */
  readonly onProgress: () => void
  readonly onStored: (outcomes: readonly StoreOutcome[]) => void
}

/** Why a pull was cut short so that another peer gets its turn; what came is kept. */
export const YIELDED = 'others wait for their turn'

/** Why a pull was cut short that held up another: what it was asking for is asked of that one's peer. */
export const OVERTAKEN = 'others are faster'

/** One pull. {@link run} is called once. */
export class Pull implements Rival {
  readonly stragglers = new Stragglers()
  readonly #options: PullOptions
  readonly #result = Promise.withResolvers<PullResult>()
  readonly #cutting = new AbortController()
  readonly #claims: ClaimHolder
  /** Blocks are handed to the replica in their order, also while a payload is still being fetched for some. */
  readonly #submitQueue = new JobQueue()
  readonly #outcomeQueue = new JobQueue()
  #state: PullState
  readonly #storing = new Set<Promise<void>>()
  #isChangeQueued = false
  #payloadLeft = 0
  /** What a peer did wrong with frames, of which the core knows nothing; or was found out after the end. */
  #breach: ProtocolFault | undefined

  constructor(options: PullOptions) {
    this.#options = options
    const { replica, handshake, batchSize, unsound, fruitless } = options
    const { key } = replica.chain.params
    this.#claims = options.claims.join(() => {
      this.#onClaimsChanged()
    })
    this.#state = newPull({
      rendezvous: replica.chain.rendezvous,
      ...(key === undefined ? {} : { membership: { key, handshake } }),
      world: {
        has: (id) => replica.has(id),
        haveList: () => haveList(replica.graph),
        fingerprints: replica.fingerprints,
        size: () => replica.knownCount,
        pioneer: () => replica.pioneer,
        claims: this.#claims,
        batchSize: () => batchSize.ids,
        unsound,
        fruitless,
      },
    })
  }

  get peer(): string {
    return this.#options.stream.peer.toString()
  }

  /** Blocks that it knows to be missing, and bytes of the payload that it is fetching. */
  get status(): PullStatus {
    const { theirs } = this.#state
    return { peer: this.peer, wanted: wantedNow(this.#state), theirs, payloadLeft: this.#payloadLeft }
  }

  /** Whether this pull cannot go on before the other one has given up what it is asking for. */
  waitsFor(other: Pull): boolean {
    const block = awaited(this.#state)
    return block !== undefined && this.#claims.holderOf(block) === other.#claims
  }

  /** Ends it now; what it is asking for may be asked of others. */
  cut(reason: string): void {
    this.#feed({ on: 'failed', reason })
  }

  async run(): Promise<PullResult> {
    const unsubscribe = onAbort(this.#options.signal, () => {
      this.#cutting.abort()
      // It may wait for other pulls, and for no reply.
      this.cut('RPC_ABORTED')
    })
    try {
      this.#feed({ on: 'start' })
      const result = await this.#result.promise
      this.#claims.close()
      this.#cutting.abort()
      // Who forges and hangs up is found out all the same.
      await Promise.allSettled(this.#storing)
      return this.#breach === undefined ? result : { ...result, end: { why: 'faulty', fault: this.#breach } }
    } finally {
      unsubscribe()
      this.#claims.close()
      // Replies that are still to come are nobody's.
      this.#cutting.abort()
    }
  }

  /** Others changed what there is to ask for; later, for they are at work now. */
  #onClaimsChanged(): void {
    if (this.#isChangeQueued) return
    this.#isChangeQueued = true
    queueMicrotask(() => {
      this.#isChangeQueued = false
      this.#feed({ on: 'changed' })
    })
  }

  #feed(input: PullInput): void {
    const [next, effects] = step(this.#state, input)
    this.#state = next
    for (const effect of effects) this.#perform(effect).catch(this.#result.reject)
  }

  async #perform(effect: PullEffect): Promise<void> {
    switch (effect.do) {
      case 'ask':
        await this.#ask(effect.tag, effect.request)
        return
      case 'store': {
        const storing = this.#store(effect.blocks)
        this.#storing.add(storing)
        await storing.finally(() => this.#storing.delete(storing))
        return
      }
      case 'finish': {
        const { do: _, ...result } = effect
        this.#result.resolve(result)
      }
    }
  }

  async #ask(tag: number, request: RequestBody): Promise<void> {
    const sentMs = performance.now()
    if (request.t === 'diff' || request.t === 'get') this.#options.replica.expectBlocks()
    if (request.t === 'get') this.stragglers.ask(tag, request.ids.length, sentMs)
    const reply = await this.#options.stream.request(request, { signal: this.#cutting.signal })
    const nowMs = performance.now()
    const blocks = reply.ok && reply.value.t === 'blocks' ? reply.value : undefined
    const bytes = this.stragglers.take(tag, blocks, nowMs)
    if (!reply.ok) {
      this.#feed({ on: 'failed', reason: reply.fault.code })
      return
    }
    if (blocks !== undefined) {
      this.#options.batchSize.took(blocks.asked, nowMs - sentMs)
      this.#options.onReceived(blocks.blocks.length, bytes)
    }
    this.#feed({ on: 'reply', tag, reply: reply.value })
  }

  async #store(blocks: readonly PulledBlock[]): Promise<void> {
    const submitted = await this.#submitQueue.run(() => this.#submit(blocks))
    const outcomes = (await this.#outcomeQueue.run(() => Promise.all(submitted))).flat()
    this.#options.onStored(outcomes)
    if (outcomes.some(({ state }) => state === 'accepted')) this.#options.onProgress()
    if (this.#state.isOver) {
      const end = endOfOutcomes(outcomes, blocks)
      if (end?.why === 'faulty') this.#breach ??= end.fault
    } else this.#feed({ on: 'stored', outcomes })
  }

  /** Hands blocks to the replica, in parts; not all of them if the pull is cut. Waits for payloads, and for nothing else. */
  async #submit(blocks: readonly PulledBlock[]): Promise<Promise<StoreOutcome[]>[]> {
    const { replica, mayRecheck, shouldYield } = this.#options
    if (shouldYield()) {
      this.cut(YIELDED)
      return []
    }
    const incoming: Incoming[] = []
    const submitted: Promise<StoreOutcome[]>[] = []
    const submit = (): Promise<unknown> => {
      const ingesting = replica.ingest(incoming.splice(0), 'pull', mayRecheck)
      submitted.push(ingesting)
      return ingesting
    }
    for (const pulled of blocks) {
      const payload = await this.#payloadOf(pulled)
      if (payload === 'cut') {
        void submit()
        return submitted
      }
      incoming.push({ block: pulled.block, payload })
      // A store keeps only so many payloads whose block is not in yet, and a cut loses none of those that are.
      if (payload === 'stored') await submit()
    }
    void submit()
    return submitted
  }

  async #payloadOf(pulled: PulledBlock): Promise<Incoming['payload'] | 'cut'> {
    const { replica, stream, mayRecheck, onProgress, shouldYield } = this.#options
    const onFrame = (bytes: number, left: number): void => {
      this.#payloadLeft = left
      this.#options.onReceived(0, bytes)
      onProgress()
    }
    const found = await payloadOfPulled(pulled, {
      replica,
      stream,
      signal: this.#cutting.signal,
      mayRecheck,
      onFrame,
      shouldYield,
    })
    this.#payloadLeft = 0
    if (found.ok) return found.value
    const { fault } = found
    if (!isRpcFault(fault)) this.#breach = fault
    // Another pull has taken the payload over, if this one was not told to end.
    const isTaken = fault.code === 'RPC_ABORTED' && !this.#cutting.signal.aborted
    this.cut(shouldYield() ? YIELDED : isTaken ? OVERTAKEN : fault.code)
    return 'cut'
  }
}
