/**
 * One pull of one chain from one peer (spec §8). It feeds the pull machine (`protocol/pull-machine.ts`), which decides
 * everything, and performs its effects: requests on the stream, blocks to the replica, long payloads to the store.
 */
import type { BlockId } from '../../../dag/ids.ts'
import type { ClaimHolder, Claims } from '../../../protocol/claims.ts'
import type { BlockFault, ProtocolFault } from '../../../protocol/faults.ts'
import type { PulledBlock } from '../../../protocol/fetch.ts'
import type { Handshake } from '../../../protocol/membership-proof.ts'
import type { RequestBody } from '../../../protocol/messages.ts'
import { Stragglers, type ConcurrentPull } from '../../../protocol/stragglers.ts'
import type { FruitlessEnd, PullEffect, PullInput, PullResult, StoreOutcome } from '../../../protocol/pull-types.ts'
import { haveList } from '../../../protocol/dag-diff.ts'
import {
  awaited,
  endOfOutcomes,
  newPullState,
  step,
  wantedNow,
  type PullState,
} from '../../../protocol/pull-machine.ts'
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

export interface PullSetup {
  readonly replica: Replica
  readonly stream: SyncStream
  /** Both peer ids and both nonces, for the membership proofs. */
  readonly handshake: Handshake
  readonly signal: AbortSignal
  /** Takes one of this peer's rechecks. */
  readonly mayRecheck: MayRecheck
  /** Whether the peer is a stranger now; see `pull-rank.ts`. */
  readonly isStranger: () => boolean
  /** Shared by all pulls of this chain. */
  readonly claims: Claims
  /** Adapts to the peer's line. */
  readonly batchSize: BatchSize
  readonly unsound: (id: BlockId) => BlockFault | undefined
  readonly fruitless: (heads: readonly BlockId[]) => FruitlessEnd | undefined
  /** Polled between blocks and frames: whether to yield to waiting peers. */
  readonly shouldYield: () => boolean
  /** Called when blocks, or a frame of a payload, were received. */
  readonly onReceived: (blocks: number, bytes: number) => void
  /** Called when blocks were accepted or a frame was stored. */
  readonly onProgress: () => void
  readonly onStored: (outcomes: readonly StoreOutcome[]) => void
}

/** Reason of a pull that was cut to let another peer pull. Its blocks are kept. */
export const YIELDED = 'others wait for their turn'

/** Reason of a pull that was cut because it held up another; that one's peer is asked for its blocks. */
export const OVERTAKEN = 'others are faster'

/**
 * One pull; call {@link run} once.
 *
 * Invariants:
 * 1. `#state` changes only in `#feed`, synchronously; effects run after it.
 * 2. Blocks are submitted to the replica in the order of the machine's `store` effects (`#submitQueue`), and their
 *   outcomes are fed back in the same order (`#outcomeQueue`).
 * 3. `#storing` has every `store` effect that has not ended; `run` returns only when it is empty.
 * 4. `#result` is settled once, by `finish` or by an effect that throws; `#breach` overrides its end.
 * 5. At most one `changed` input is queued (`#isChangeQueued`).
 */
export class Pull implements ConcurrentPull {
  readonly stragglers = new Stragglers()
  readonly #options: PullSetup
  readonly #result = Promise.withResolvers<PullResult>()
  readonly #cutting = new AbortController()
  readonly #claims: ClaimHolder
  /** Keeps the order of blocks while payloads are being fetched for some of them. */
  readonly #submitQueue = new JobQueue()
  readonly #outcomeQueue = new JobQueue()
  #state: PullState
  readonly #storing = new Set<Promise<void>>()
  #isChangeQueued = false
  #payloadLeft = 0
  /** A breach that the machine does not know of: in frames, or found after its end. */
  #breach: ProtocolFault | undefined

  constructor(options: PullSetup) {
    this.#options = options
    const { replica, handshake, batchSize, unsound, fruitless } = options
    const { key } = replica.chain.params
    this.#claims = options.claims.join(() => {
      this.#onClaimsChanged()
    })
    this.#state = newPullState({
      rendezvous: replica.chain.rendezvous,
      ...(key === undefined ? {} : { membership: { key, handshake } }),
      world: {
        has: (id) => replica.isUnwanted(id),
        haveList: () => haveList(replica.graph),
        fingerprints: replica.fingerprints,
        size: () => replica.knownCount,
        founder: () => replica.founder,
        needsFounder: () => replica.needsFounder,
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

  get isStranger(): boolean {
    return this.#options.isStranger()
  }

  /** Blocks known to be missing, and bytes left of the payload that is being fetched. */
  get status(): PullStatus {
    const { peerBlocks: theirs } = this.#state
    return { peer: this.peer, wanted: wantedNow(this.#state), theirs, payloadLeft: this.#payloadLeft }
  }

  /** Whether this pull is blocked on a block that the other one has claimed. */
  waitsFor(other: Pull): boolean {
    const block = awaited(this.#state)
    return block !== undefined && this.#claims.holderOf(block) === other.#claims
  }

  /** Ends the pull now and releases its claims. */
  cut(reason: string): void {
    this.#feed({ on: 'failed', reason })
  }

  async run(): Promise<PullResult> {
    const unsubscribe = onAbort(this.#options.signal, () => {
      this.#cutting.abort()
      // It may be waiting for other pulls rather than for a reply.
      this.cut('RPC_ABORTED')
    })
    try {
      this.#feed({ on: 'start' })
      const result = await this.#result.promise
      this.#claims.close()
      this.#cutting.abort()
      // Await the stores, so that a peer that sends a forgery and hangs up is still penalised.
      await Promise.allSettled(this.#storing)
      return this.#breach === undefined ? result : { ...result, end: { why: 'faulty', fault: this.#breach } }
    } finally {
      unsubscribe()
      this.#claims.close()
      // Drops late replies.
      this.#cutting.abort()
    }
  }

  /** Claims changed. Deferred to a microtask, since the other pull is in the middle of a step. */
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

  /** Submits blocks to the replica, in parts; stops early if the pull is cut. It waits for payloads only. */
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
      // The store keeps a limited number of payloads without their block; submitting at once also keeps this one if the
      // pull is cut.
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
    // Aborted without being told to: another pull has taken over this payload.
    const isTaken = fault.code === 'RPC_ABORTED' && !this.#cutting.signal.aborted
    this.cut(shouldYield() ? YIELDED : isTaken ? OVERTAKEN : fault.code)
    return 'cut'
  }
}
