/**
 * libp2p's datastore (spec §9): its peer store and the DHT's provider records. They are in memory, within bounds, and
 * copied to disk from time to time: libp2p writes a peer again for each stream, so a stranger who comes with fresh ids
 * would fill the disk with rows that are overwritten at once. After a crash the latest minutes are missing.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { peerIdFromCID, peerIdFromString } from '@libp2p/peer-id'
import { Key, type Batch, type Datastore, type KeyQuery, type Pair, type Query } from 'interface-datastore'
import { base32 } from 'multiformats/bases/base32'
import { CID } from 'multiformats/cid'
import { Bug } from '../../dag/result.ts'
import { PEER_ROW_BYTES } from '../../protocol/peer-limits.ts'
import type { Libp2pRows } from './libp2p-rows.ts'
import { ProviderRecords } from './provider-records.ts'

/** libp2p's own keys: `/peers/<CID>` and `/dht/provider/<multihash>/<peer id>`. */
const PEERS = '/peers/'
const PROVIDERS = '/dht/provider/'

/** A multihash of sha2-256 in base 32: its two first bytes, 0x12 and 32, are `ciq` and the half of a digit. */
const RENDEZVOUS = /^ciq[a-p][a-z2-7]{51}$/

/** Values that pass between two turns of the event loop. */
const PER_TURN = 256

/** This key is none of those above: the DHT keeps no values here, and nothing else is kept. */
export class NotKept extends Error {
  override readonly name = 'PutFailedError'
}

/** libp2p recognises it by its name. */
class NotFound extends Error {
  override readonly name = 'NotFoundError'
}

interface Place {
  readonly kind: 'peer' | 'provider'
  readonly rendezvous: string
  /** The text of a peer id. */
  readonly peer: string
}

/**
 * Invariants: `#peers` is keyed by libp2p's key; `#onDisk` holds the keys of the rows on disk; `#changed` those in
 * memory that differ from the disk. A provider record goes with its peer, for it leads to no address any more.
 */
export class Libp2pStore implements Datastore {
  readonly #rows: Libp2pRows
  readonly #self: string
  readonly #peers = new Map<string, Uint8Array>()
  readonly #providers: ProviderRecords
  readonly #onDisk = new Set<string>()
  readonly #changed = new Set<string>()

  /** @param self - this node's peer id */
  constructor(rows: Libp2pRows, self: string) {
    this.#rows = rows
    this.#self = self
    this.#providers = new ProviderRecords(self)
  }

  /** Reads what is on disk; a row that is damaged or beyond its bound is deleted with the next flush. */
  async load(): Promise<void> {
    const peers = new Set([this.#self])
    for await (const { key, value } of this.#rows.load()) {
      this.#onDisk.add(key)
      if (value.byteLength > PEER_ROW_BYTES) continue
      try {
        await this.put(new Key(key), value)
        this.#changed.delete(key)
        const place = placeOf(key)
        if (place?.kind === 'peer') peers.add(place.peer)
      } catch {
        // No key of libp2p's.
      }
    }
    for (const { peer } of [...this.#providers.all()]) if (!peers.has(peer)) this.#providers.deletePeer(peer)
  }

  /** Writes what changed, and deletes from the disk what is not in memory any more. */
  async flush(): Promise<void> {
    const puts = [...this.#changed].flatMap((key) => {
      const value = this.#find(key)
      return value === undefined ? [] : [{ key, value }]
    })
    const dels = [...this.#onDisk].filter((key) => this.#find(key) === undefined)
    this.#changed.clear()
    for (const key of dels) this.#onDisk.delete(key)
    for (const { key } of puts) this.#onDisk.add(key)
    await this.#rows.write(puts, dels)
  }

  async put(key: Key, value: Uint8Array): Promise<Key> {
    const text = key.toString()
    const place = placeOf(text)
    if (place === undefined || value.byteLength > PEER_ROW_BYTES) throw new NotKept(text.slice(0, 100))
    if (place.kind === 'peer') this.#peers.set(text, value)
    else this.#providers.put({ ...place, value })
    this.#changed.add(text)
    return Promise.resolve(key)
  }

  async get(key: Key): Promise<Uint8Array> {
    const value = this.#find(key.toString())
    if (value === undefined) throw new NotFound('Not Found')
    return Promise.resolve(value)
  }

  has(key: Key): Promise<boolean> {
    return Promise.resolve(this.#find(key.toString()) !== undefined)
  }

  delete(key: Key): Promise<void> {
    const place = placeOf(key.toString())
    if (place?.kind === 'provider') this.#providers.delete(place.rendezvous, place.peer)
    if (place?.kind === 'peer') {
      this.#peers.delete(key.toString())
      this.#providers.deletePeer(place.peer)
    }
    return Promise.resolve()
  }

  async *putMany(pairs: AsyncIterable<Pair> | Iterable<Pair>): AsyncGenerator<Key> {
    for await (const { key, value } of pairs) yield await this.put(key, value)
  }

  async *getMany(keys: AsyncIterable<Key> | Iterable<Key>): AsyncGenerator<Pair> {
    for await (const key of keys) yield { key, value: await this.get(key) }
  }

  async *deleteMany(keys: AsyncIterable<Key> | Iterable<Key>): AsyncGenerator<Key> {
    for await (const key of keys) {
      await this.delete(key)
      yield key
    }
  }

  /** libp2p uses none. */
  batch(): Batch {
    throw new Bug('libp2p writes single rows')
  }

  async *query({ prefix = '', filters = [], limit = Infinity }: Query): AsyncGenerator<Pair> {
    let [seen, taken] = [0, 0]
    for (const [key, value] of this.#under(prefix)) {
      seen += 1
      if (seen % PER_TURN === 0) await nextTurn()
      const pair = { key: new Key(key, false), value }
      if (!filters.every((passes) => passes(pair))) continue
      if (taken === limit) return
      taken += 1
      yield pair
    }
  }

  async *queryKeys({ prefix = '', filters = [], limit = Infinity }: KeyQuery): AsyncGenerator<Key> {
    const ofPairs = filters.map(
      (passes) =>
        ({ key }: Pair) =>
          passes(key),
    )
    for await (const { key } of this.query({ prefix, filters: ofPairs, limit })) yield key
  }

  /** The providers of one rendezvous are looked up with its prefix; all records to renew or delete them. */
  *#under(prefix: string): Generator<[string, Uint8Array]> {
    if (prefix.startsWith(PROVIDERS)) {
      const [rendezvous = ''] = prefix.slice(PROVIDERS.length).split('/')
      for (const { peer, value } of this.#providers.of(rendezvous)) yield [`${PROVIDERS}${rendezvous}/${peer}`, value]
      return
    }
    // Copies: rows come and go while libp2p works on each.
    if (PEERS.startsWith(prefix)) yield* [...this.#peers]
    if (!PROVIDERS.startsWith(prefix)) return
    for (const { rendezvous, peer, value } of [...this.#providers.all()]) {
      yield [`${PROVIDERS}${rendezvous}/${peer}`, value]
    }
  }

  #find(key: string): Uint8Array | undefined {
    const peer = this.#peers.get(key)
    if (peer !== undefined || key.startsWith(PEERS)) return peer
    const [rendezvous = '', provider = ''] = key.slice(PROVIDERS.length).split('/')
    return this.#providers.get(rendezvous, provider)
  }
}

function placeOf(key: string): Place | undefined {
  try {
    if (key.startsWith(PEERS)) {
      const peer = peerIdFromCID(CID.parse(key.slice(PEERS.length), base32)).toString()
      return { kind: 'peer', rendezvous: '', peer }
    }
    if (!key.startsWith(PROVIDERS)) return undefined
    const [rendezvous = '', text = '', ...rest] = key.slice(PROVIDERS.length).split('/')
    if (!RENDEZVOUS.test(rendezvous) || rest.length > 0) return undefined
    return { kind: 'provider', rendezvous, peer: peerIdFromString(text).toString() }
  } catch {
    return undefined
  }
}
