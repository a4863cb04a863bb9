/**
 * Keeps configured peers connected for ever (spec §9). libp2p's own reconnecting gives up after five tries and forgets
 * the peer, and gossipsub does not redial; so each address has a loop here that never ends before it is stopped.
 */
import { KEEP_ALIVE, type PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Host } from './host.ts'
import { why } from './host-faults.ts'
import type { Logger } from './log.ts'
import { peerIdOf } from './peers.ts'
import { orAborted, pause, withDeadline } from './waiting.ts'

/** The first retry comes about this long after a failure: a peer that restarts is back within seconds. */
const FIRST_DELAY_MS = 1000

/** A peer that was away for a day is found again within this, and a dead one costs one packet a minute. */
const LONGEST_DELAY_MS = 60_000

/** At least this part of a delay is always waited; the rest is chance, so that a crowd does not come back in step. */
const STEADY_PART = 0.5

/** A connection that held this long was a real one; a shorter one counts as one more failure. */
const STABLE_MS = 30_000

/** One attempt, name resolution included. */
export const DIAL_MS = 10_000

/** Sums of tags decide who stays when there are too many connections; static peers come first. */
const STATIC_TAG = `${KEEP_ALIVE}-freechains-static`
const STATIC_TAG_VALUE = 100

/** How long to wait after the `attempt`-th failure in a row (from 0). `random` gives 0 … 1. */
export function nextDelayMs(attempt: number, random: () => number): number {
  // Beyond 2^30 the doubling says nothing more.
  const longestMs = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt, 30))
  return Math.round(longestMs * (STEADY_PART + (1 - STEADY_PART) * random()))
}

export interface RedialModules {
  readonly host: Host
  readonly log: Logger
  /** 0 … 1; `Math.random` unless told. */
  readonly random?: () => number
}

export class Redialler {
  readonly #host: Host
  readonly #log: Logger
  readonly #random: () => number
  readonly #stopping = new AbortController()
  readonly #loops = new Map<string, Promise<void>>()
  /** Why the last attempt failed, by address; none where one worked. */
  readonly #failures = new Map<string, string>()

  constructor({ host, log, random = Math.random }: RedialModules) {
    this.#host = host
    this.#log = log
    this.#random = random
  }

  /** Dials this address now and whenever it is lost. An address that is kept already is not kept twice. */
  add(address: Multiaddr): void {
    const key = address.toString()
    if (this.#stopping.signal.aborted || this.#loops.has(key)) return
    if (peerIdOf(address) === this.#host.peerId.toString()) return
    this.#loops.set(key, this.#keep(address))
  }

  /** Addresses that could not be dialled the last time, and why. */
  failures(): ReadonlyMap<string, string> {
    return this.#failures
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await Promise.all(this.#loops.values())
  }

  async #keep(address: Multiaddr): Promise<void> {
    const { signal } = this.#stopping
    let failures = 0
    while (!signal.aborted) {
      const dialled = await withDeadline({ ms: DIAL_MS, signal }, (deadline) =>
        this.#host.connect(address, { signal: deadline }),
      )
      if (dialled.ok) {
        this.#failures.delete(address.toString())
        const sinceMs = performance.now()
        await this.#tag(dialled.value)
        await this.#disconnected(dialled.value)
        if (performance.now() - sinceMs >= STABLE_MS) failures = 0
      } else {
        this.#failures.set(address.toString(), dialled.fault.why)
        this.#log.debug('peer.unreachable', { address: address.toString(), why: dialled.fault.why, failures })
      }
      await pause(nextDelayMs(failures, this.#random), signal)
      failures += 1
    }
  }

  /** libp2p takes the tag off when its own retries end, so each success puts it on again. */
  async #tag(peer: PeerId): Promise<void> {
    try {
      await this.#host.libp2p.peerStore.merge(peer, { tags: { [STATIC_TAG]: { value: STATIC_TAG_VALUE } } })
    } catch (error) {
      this.#log.debug('peer.tag-failed', { peer: peer.toString(), why: why(error) })
    }
  }

  async #disconnected(peer: PeerId): Promise<void> {
    const gone = Promise.withResolvers<undefined>()
    const unsubscribe = this.#host.onDisconnect((other) => {
      if (other.equals(peer)) gone.resolve(undefined)
    })
    if (this.#host.isConnected(peer.toString())) await orAborted(gone.promise, this.#stopping.signal)
    unsubscribe()
  }
}
