/**
 * Carries out one pull of one chain from one peer (spec §8): feeds the session core, performs its effects. It has no
 * opinions of its own but how a long payload gets from the stream into the store.
 */
import type { ProtocolFault } from '../protocol/faults.ts'
import type { PulledBlock } from '../protocol/fetch.ts'
import type { Handshake } from '../protocol/member.ts'
import { haveList } from '../protocol/reconcile.ts'
import type { PullEffect, PullEnd, PullInput, StoreOutcome } from '../protocol/pull.ts'
import { newPull, step, type PullState } from '../protocol/session.ts'
import type { Incoming } from './admit.ts'
import { payloadOfPulled } from './payload-fetch.ts'
import type { Replica } from './replica.ts'
import { isRpcFault } from './rpc-faults.ts'
import type { SyncSession } from './rpc.ts'

export interface PullOptions {
  readonly replica: Replica
  readonly session: SyncSession
  /** Bytes of both peer ids and both nonces, for the proof of membership. */
  readonly handshake: Handshake
  readonly signal: AbortSignal
  /** Asked between blocks and frames: others wait for their turn. */
  readonly shouldYield: () => boolean
  /** Told when something useful came in. */
  readonly onProgress: () => void
}

/** `fresh`: blocks gained; `missing`: blocks that the peer lists and that are still not here. */
export interface PullReport {
  readonly fresh: number
  readonly missing: number
  readonly end: PullEnd
}

/** Why a pull was cut short so that another peer gets its turn; what came is kept. */
export const TURN_IS_OVER = 'others wait for their turn'

export async function pull(options: PullOptions): Promise<PullReport> {
  try {
    return await new Run(options).run()
  } finally {
    await options.replica.endPull()
  }
}

class Run {
  readonly #options: PullOptions
  readonly #over = Promise.withResolvers<PullReport>()
  #state: PullState
  /** What a peer did wrong with frames, of which the core knows nothing. */
  #frameFault: ProtocolFault | undefined

  constructor(options: PullOptions) {
    this.#options = options
    const { replica, handshake } = options
    const { key } = replica.chain.params
    this.#state = newPull({
      rendezvous: replica.chain.rendezvous,
      ...(key === undefined ? {} : { membership: { key, handshake } }),
      world: {
        has: (id) => replica.has(id),
        haveList: () => haveList(replica.graph),
        folds: replica.folds,
        size: () => replica.knownCount,
        pioneer: () => replica.pioneer,
      },
    })
  }

  run(): Promise<PullReport> {
    this.#feed({ on: 'start' })
    return this.#over.promise
  }

  #feed(input: PullInput): void {
    const [next, effects] = step(this.#state, input)
    this.#state = next
    for (const effect of effects) this.#perform(effect).catch(this.#over.reject)
  }

  async #perform(effect: PullEffect): Promise<void> {
    switch (effect.do) {
      case 'ask': {
        const reply = await this.#options.session.request(effect.request, { signal: this.#options.signal })
        this.#feed(
          reply.ok ? { on: 'reply', tag: effect.tag, reply: reply.value } : { on: 'failed', reason: reply.fault.code },
        )
        return
      }
      case 'store':
        await this.#store(effect.blocks)
        return
      case 'finish':
        this.#over.resolve({
          fresh: effect.fresh,
          missing: effect.missing,
          end: this.#frameFault === undefined ? effect.end : { why: 'faulty', fault: this.#frameFault },
        })
    }
  }

  async #store(blocks: readonly PulledBlock[]): Promise<void> {
    const { replica, shouldYield, onProgress } = this.#options
    if (shouldYield()) {
      this.#feed({ on: 'failed', reason: TURN_IS_OVER })
      return
    }
    const outcomes = blocks.every(({ state }) => state !== 'frames')
      ? // Without a wait before it: what came later must not overtake.
        await replica.ingest(blocks.map(incomingOf), 'pull')
      : await this.#storeLong(blocks)
    if (outcomes === 'cut') return
    if (outcomes.some(({ state }) => state === 'accepted')) onProgress()
    this.#feed({ on: 'stored', outcomes })
  }

  /** Some of these blocks have payloads that are fetched first. */
  async #storeLong(blocks: readonly PulledBlock[]): Promise<StoreOutcome[] | 'cut'> {
    const { replica } = this.#options
    const incoming: Incoming[] = []
    const outcomes: StoreOutcome[] = []
    for (const pulled of blocks) {
      const payload = await this.#payloadOf(pulled)
      if (payload === 'cut') {
        await replica.ingest(incoming, 'pull')
        return 'cut'
      }
      incoming.push({ block: pulled.block, payload })
      // A store keeps only so many payloads whose block is not in yet, and a cut loses none of those that are.
      if (payload === 'stored') outcomes.push(...(await replica.ingest(incoming.splice(0), 'pull')))
    }
    outcomes.push(...(await replica.ingest(incoming, 'pull')))
    return outcomes
  }

  async #payloadOf(pulled: PulledBlock): Promise<Incoming['payload'] | 'cut'> {
    const { replica, session, signal, onProgress, shouldYield } = this.#options
    const found = await payloadOfPulled(pulled, { replica, session, signal, onProgress, shouldYield })
    if (found.ok) return found.value
    const { fault } = found
    if (!isRpcFault(fault)) this.#frameFault = fault
    this.#feed({ on: 'failed', reason: shouldYield() ? TURN_IS_OVER : fault.code })
    return 'cut'
  }
}

/** Of a block whose payload came with it, or does not come. */
function incomingOf({ block, payload }: PulledBlock): Incoming {
  return { block, payload: payload ?? 'missing' }
}
