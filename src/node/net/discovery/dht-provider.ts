/**
 * One chain in the DHT (spec §9): announces that this node has it, looks up other providers, and connects to them, as
 * long as the chain is joined. Lookups are frequent while they find nobody, and rare otherwise.
 */
import type { PeerId, Provider } from '@libp2p/interface'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import * as Digest from 'multiformats/hashes/digest'
import { SEEK_DIALS, SEEK_EVERY_MS } from '../../../protocol/newcomer-limits.ts'
import type { Host } from '../host/host.ts'
import { why } from '../host/faults.ts'
import type { Logger } from '../../base/log.ts'
import { DIAL_MS, nextDelayMs } from './redial-backoff.ts'
import { Gate, pause, withDeadline, withEither } from '../../base/deadline.ts'

/** Multicodec of sha2-256. The rendezvous is such a digest, so it is used as the multihash and is not hashed again. */
const SHA2_256 = 0x12

/** A query in a network of millions takes seconds. With an empty routing table it waits this long for a first peer. */
const QUERY_MS = 30_000

/** Far below the record's lifetime of 48 h: a DHT node that lost the record, or joined later, soon has it again. */
const PROVIDE_EVERY_MS = 30 * 60_000

/** Once connected, more neighbours are optional. */
const LOOKUP_EVERY_MS = 5 * 60_000

/** gossipsub's mesh uses at most this many (Dhi). Further peers may still connect to us. */
const ENOUGH_PEERS = 12

/** Providers tried per query. Records are free to write, so a flood of records must not become a flood of dials. */
const MAX_PROVIDERS = 32

const PARALLEL_DIALS = 4

const CHAIN_TAG = 'freechains-chain'
const CHAIN_TAG_VALUE = 50

export interface DhtProviderModules {
  readonly host: Host
  readonly log: Logger
  readonly random: () => number
}

/** The DHT key of a chain. */
export function rendezvousCid(rendezvous: Uint8Array): CID {
  return CID.createV1(raw.code, Digest.create(SHA2_256, rendezvous))
}

/** Tags a peer that shares a chain with us, so that its connection is among the last to be pruned. */
export async function tagChainPeer(host: Host, peer: PeerId): Promise<void> {
  await host.libp2p.peerStore.merge(peer, { tags: { [CHAIN_TAG]: { value: CHAIN_TAG_VALUE } } })
}

/**
 * Queries the DHT once, dials the providers, and returns those that are connected.
 * @param isSeeking - peers are wanted that are not connected yet: those that are do not count
 */
export async function findProviders(
  rendezvous: Uint8Array,
  modules: DhtProviderModules,
  signal: AbortSignal,
  isSeeking = false,
): Promise<PeerId[]> {
  const { host, log } = modules
  const found = new Map<string, Promise<PeerId | undefined>>()
  const dialling: Dialling = {
    gate: new Gate(PARALLEL_DIALS),
    signal,
    connected: 0,
    enough: isSeeking ? SEEK_DIALS : ENOUGH_PEERS,
  }
  try {
    await withDeadline({ ms: QUERY_MS, signal }, async (deadline) => {
      for await (const provider of host.libp2p.contentRouting.findProviders(rendezvousCid(rendezvous), {
        signal: deadline,
      })) {
        const key = provider.id.toString()
        if (found.has(key) || provider.id.equals(host.peerId)) continue
        const isConnected = isSeeking && host.isConnected(key)
        found.set(key, isConnected ? Promise.resolve(provider.id) : dialProvider(provider, modules, dialling))
        if (found.size >= (isSeeking ? host.connections().length : 0) + MAX_PROVIDERS) break
      }
    })
  } catch (error) {
    // An empty routing table, or the deadline: the providers found until then are used.
    if (!signal.aborted) log.debug('dht.find-failed', { why: why(error) })
  }
  const peers = await Promise.all(found.values())
  return peers.filter((peer) => peer !== undefined)
}

interface Dialling {
  readonly gate: Gate
  readonly signal: AbortSignal
  connected: number
  readonly enough: number
}

async function dialProvider(
  { id, multiaddrs }: Provider,
  { host, log }: DhtProviderModules,
  dialling: Dialling,
): Promise<PeerId | undefined> {
  const { gate, signal } = dialling
  if (!(await gate.enter(signal))) return undefined
  try {
    if (dialling.connected >= dialling.enough) return undefined
    if (multiaddrs.length > 0) await host.libp2p.peerStore.merge(id, { multiaddrs })
    const dialled = await withDeadline({ ms: DIAL_MS, signal }, (deadline) => host.connect(id, { signal: deadline }))
    if (dialled.ok) {
      dialling.connected += 1
      await tagChainPeer(host, id)
      return id
    }
    log.debug('peer.unreachable', { peer: id.toString(), why: dialled.fault.why })
  } catch (error) {
    log.debug('dht.provider-unusable', { peer: id.toString(), why: why(error) })
  } finally {
    gate.leave()
  }
  return undefined
}

export class DhtProvider {
  readonly #rendezvous: Uint8Array
  readonly #modules: DhtProviderModules
  readonly #onFound: (peer: PeerId) => void
  readonly #stopping = new AbortController()
  readonly #running: Promise<unknown>
  #isSeeking = false
  /** Aborted to end the pause between two lookups. */
  #nudge = new AbortController()

  /**
   * Starts at once.
   *
   * @param onFound - called after each lookup with each provider that is connected
   */
  constructor(rendezvous: Uint8Array, modules: DhtProviderModules, onFound: (peer: PeerId) => void) {
    this.#rendezvous = rendezvous
    this.#modules = modules
    this.#onFound = onFound
    this.#running = Promise.all([this.#keepProviding(), this.#keepLookingUp()])
  }

  /** Whether a post made here waits for somebody who could welcome it: lookups come at once, and often, and go on to new peers. */
  seek(isSeeking: boolean): void {
    if (isSeeking === this.#isSeeking) return
    this.#isSeeking = isSeeking
    if (isSeeking) this.#nudge.abort()
  }

  /** Stops all queries. The record stays in the DHT until it expires. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  /** Stops, and makes libp2p stop renewing the record. */
  async cancel(): Promise<void> {
    await this.stop()
    const { host, log } = this.#modules
    try {
      await host.libp2p.contentRouting.cancelReprovide(rendezvousCid(this.#rendezvous))
    } catch (error) {
      log.debug('dht.cancel-failed', { why: why(error) })
    }
  }

  async #keepProviding(): Promise<void> {
    const { host, log, random } = this.#modules
    const { signal } = this.#stopping
    const cid = rendezvousCid(this.#rendezvous)
    for (let failures = 0; !signal.aborted;) {
      let waitMs = PROVIDE_EVERY_MS
      try {
        await withDeadline({ ms: QUERY_MS, signal }, (deadline) =>
          host.libp2p.contentRouting.provide(cid, { signal: deadline }),
        )
        failures = 0
      } catch (error) {
        log.debug('dht.provide-failed', { why: why(error) })
        waitMs = nextDelayMs(failures, random)
        failures += 1
      }
      await pause(waitMs, signal)
    }
  }

  async #keepLookingUp(): Promise<void> {
    const { random } = this.#modules
    const { signal } = this.#stopping
    for (let emptyLookups = 0; !signal.aborted;) {
      this.#nudge = new AbortController()
      const peers = await findProviders(this.#rendezvous, this.#modules, signal, this.#isSeeking)
      for (const peer of peers) this.#onFound(peer)
      emptyLookups = peers.length === 0 ? emptyLookups + 1 : 0
      const usualMs = emptyLookups === 0 ? LOOKUP_EVERY_MS : nextDelayMs(emptyLookups, random)
      const pauseMs = this.#isSeeking ? Math.min(SEEK_EVERY_MS, usualMs) : usualMs
      await withEither(signal, this.#nudge.signal, (ending) => pause(pauseMs, ending))
    }
  }
}
