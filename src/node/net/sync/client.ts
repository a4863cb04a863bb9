/**
 * The requester's side of `/freechains/sync/1.0.0` (spec §8): one long-lived stream per peer, opened on first use and
 * again after it closed, with many requests interleaved. It matches replies to requests by id and does not interpret
 * them.
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

/** Covers the dial, opening the stream and the hello. */
const OPEN_MS = 20_000

/** Two, since a closing stream may still count when its successor opens. */
const STREAMS_PER_PEER = 2

export interface SyncClientModules {
  readonly host: Host
  readonly log: Logger
  /** Called at most once per stream, with the peer's fault; the stream is closed by then. */
  readonly onFault?: (peer: PeerId, fault: RpcFault) => void
  /** Deadline for the peer's hello; default 10 s. */
  readonly helloMs?: number
  /** Progress timeout of a request; default 30 s. */
  readonly replyMs?: number
}

type Opened = Result<OpenSyncStream, RpcFault>

/**
 * Invariants:
 * 1. At most one stream per peer is being opened; all callers of `stream` share it (`#opening`).
 * 2. `#streams` has the open stream of each peer; a stream removes itself when it closes.
 * 3. After `stop` no stream stays open: one that opens late is closed at once.
 */
export class SyncClient {
  readonly #modules: SyncClientModules
  readonly #opening = new Map<string, Promise<Opened>>()
  readonly #streams = new Map<string, OpenSyncStream>()
  readonly #stopping = new AbortController()

  constructor(modules: SyncClientModules) {
    this.#modules = modules
  }

  /**
   * Returns the open stream to a peer, or opens one, dialling if needed. Chains must be opened again on each new
   * stream.
   */
  async stream(peer: PeerId, { signal }: { readonly signal: AbortSignal }): Promise<Result<SyncStream, RpcFault>> {
    const key = peer.toString()
    const open = this.#streams.get(key)
    if (open !== undefined && !open.closed) return { ok: true, value: open }
    const opening = this.#opening.get(key) ?? this.#openOnce(peer, key)
    const result = await orAborted(opening, signal)
    return result ?? fail({ code: 'RPC_ABORTED', peer: key })
  }

  /** Closes the stream to a peer; pending requests fail with `RPC_CLOSED`. */
  close(peer: PeerId): void {
    this.#streams.get(peer.toString())?.close()
  }

  /** Closes all streams, now and those still being opened. */
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
