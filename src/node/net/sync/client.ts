/**
 * The requester's side of `/freechains/sync/1.0.0` (spec §8): one long-lived stream to each peer, opened when first
 * needed and again after it died, with many requests interleaved on it. It matches replies to requests by id and knows
 * nothing of what they mean.
 */
import type { PeerId } from '@libp2p/interface'
import { fail, type Result } from '../../../dag/result.ts'
import { SYNC_PROTOCOL } from '../../../protocol/messages.ts'
import type { Host } from '../host/host.ts'
import { why } from '../host/faults.ts'
import type { Logger } from '../../base/log.ts'
import type { RpcFault } from './faults.ts'
import { openSyncStream, type OpenSyncStream, type SyncStream } from './client-stream.ts'
import { orAborted, withDeadline } from '../../base/deadline.ts'

export type { RpcFault } from './faults.ts'
export type { Nonces, SyncStream } from './client-stream.ts'

/** Dialling, opening the stream and the hello together. */
const OPEN_MS = 20_000

/** Our streams to one peer: one, and the one before it that is not quite gone. */
const STREAMS_PER_PEER = 2

export interface SyncClientModules {
  readonly host: Host
  readonly log: Logger
  /** Told of what the peer did wrong, once per session; the session is closed then. */
  readonly onFault?: (peer: PeerId, fault: RpcFault) => void
  /** How long a peer may take to say hello; 10 s unless told. */
  readonly helloMs?: number
  /** How long a request waits while next to nothing comes; 30 s unless told. */
  readonly replyMs?: number
}

type Opened = Result<OpenSyncStream, RpcFault>

export class SyncClient {
  readonly #modules: SyncClientModules
  readonly #opening = new Map<string, Promise<Opened>>()
  readonly #streams = new Map<string, OpenSyncStream>()
  readonly #stopping = new AbortController()

  constructor(modules: SyncClientModules) {
    this.#modules = modules
  }

  /** The open session to a peer, or a new one (dialling if need be). Each new one needs its `open` requests again. */
  async stream(peer: PeerId, { signal }: { readonly signal: AbortSignal }): Promise<Result<SyncStream, RpcFault>> {
    const key = peer.toString()
    const open = this.#streams.get(key)
    if (open !== undefined && !open.closed) return { ok: true, value: open }
    const opening = this.#opening.get(key) ?? this.#openOnce(peer, key)
    const result = await orAborted(opening, signal)
    return result ?? fail({ code: 'RPC_ABORTED', peer: key })
  }

  /** Ends the session with a peer; what is asked and not answered fails with `RPC_CLOSED`. */
  close(peer: PeerId): void {
    this.#streams.get(peer.toString())?.close()
  }

  /** Ends every session. */
  stop(): void {
    this.#stopping.abort()
    for (const stream of [...this.#streams.values()]) stream.close()
  }

  #openOnce(peer: PeerId, key: string): Promise<Opened> {
    const opening = this.#openStream(peer, key).finally(() => this.#opening.delete(key))
    this.#opening.set(key, opening)
    return opening
  }

  async #openStream(peer: PeerId, key: string): Promise<Opened> {
    const { host } = this.#modules
    try {
      const result = await withDeadline({ ms: OPEN_MS, signal: this.#stopping.signal }, async (signal) => {
        const stream = await host.libp2p.dialProtocol(peer, SYNC_PROTOCOL, {
          signal,
          maxOutboundStreams: STREAMS_PER_PEER,
        })
        return openSyncStream(stream, { ...this.#modules, peer })
      })
      if (!result.ok) return result
      if (this.#stopping.signal.aborted) {
        result.value.close()
        return fail({ code: 'RPC_ABORTED', peer: key })
      }
      this.#streams.set(key, result.value)
      result.value.onClose(() => {
        if (this.#streams.get(key) === result.value) this.#streams.delete(key)
      })
      return result
    } catch (error) {
      return fail({ code: 'RPC_UNREACHABLE', peer: key, why: why(error) })
    }
  }
}
