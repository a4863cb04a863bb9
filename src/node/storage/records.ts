/**
 * The node's small records in the database, in dag-cbor: lists of text (cached peers, static peers added by command), the
 * chains joined by command or named in the config file (spec §12), the founders chosen for forums (spec §2), on which chains held
 * posts of others are collected (spec §5), and of the throttle of each chain (spec §5) when
 * it was in sync and what was taken from the rations.
 */
import * as dagCbor from '@ipld/dag-cbor'
import { bytesToHex } from '@noble/hashes/utils.js'
import { chainOf, type Chain } from '../../dag/chain.ts'
import { KEY_BYTES } from '../../dag/block-limits.ts'
import { authorKey, idBytes, type AuthorKey, type ChainId } from '../../dag/ids.ts'
import type { ThrottleRecord } from '../../reputation/throttle.ts'
import { Watch, type Interval } from '../../reputation/watch.ts'
import type { Database } from './database.ts'
import {
  chainRecords,
  configuredRecord,
  founderRecord,
  rationsRecord,
  watchRecord,
  welcomeRecord,
} from './record-names.ts'

export interface TextList {
  load(): Promise<readonly string[]>
  save(entries: readonly string[]): Promise<void>
}

/** @param name - of the record: a–z, 0–9 and dashes. A record that does not decode counts as empty. */
export function textList(database: Database, name: string): TextList {
  return {
    async load() {
      const bytes = await database.get(name)
      return bytes === undefined ? [] : decodeList(bytes)
    },
    save: (entries) => database.put(name, dagCbor.encode([...entries])),
  }
}

function decodeList(bytes: Uint8Array): readonly string[] {
  try {
    const value: unknown = dagCbor.decode(bytes)
    return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : []
  } catch {
    return []
  }
}

/** A joined chain's name and keys. */
export function encodeJoined({ params }: Chain): Uint8Array {
  const keys = params.key === undefined ? params.pioneers : [bytesToHex(params.key)]
  return dagCbor.encode({ v: 1, name: params.name, keys })
}

/** `undefined` if the name and keys are those of no chain. */
export function decodeJoined(record: Uint8Array): Chain | undefined {
  const { name, keys } = dagCbor.decode<{ name: string; keys: string[] }>(record)
  const chain = chainOf(name, keys)
  return chain.ok ? chain.value : undefined
}

/**
 * Remembers the name and keys of a chain of the config file: once it is taken out there, nothing else says whose its
 * blocks are.
 */
export async function saveConfigured(database: Database, chain: Chain): Promise<void> {
  const name = configuredRecord(chain.id)
  if ((await database.get(name)) === undefined) await database.put(name, encodeJoined(chain))
}

export async function loadConfigured(database: Database, chain: ChainId): Promise<Chain | undefined> {
  const stored = await database.get(configuredRecord(chain))
  return stored === undefined ? undefined : decodeJoined(stored)
}

/** Removes all small records of a chain that was left. */
export async function removeChainRecords(database: Database, chain: ChainId): Promise<void> {
  for (const record of chainRecords(chain)) await database.remove(record)
}

/** When this node was in sync on the chain. A record that does not decode counts as none: then no block is old. */
export async function loadWatch(database: Database, chain: ChainId): Promise<Watch> {
  const stored = await database.get(watchRecord(chain))
  return new Watch(stored === undefined ? [] : decodeIntervals(stored))
}

export function saveWatch(database: Database, chain: ChainId, watch: Watch): Promise<void> {
  return database.put(watchRecord(chain), dagCbor.encode(watch.intervals().flat()))
}

/** What was taken from the rations of the chain's throttle. A record that does not decode counts as none. */
export async function loadRations(database: Database, chain: ChainId): Promise<ThrottleRecord | undefined> {
  const stored = await database.get(rationsRecord(chain))
  if (stored === undefined) return undefined
  try {
    const record = dagCbor.decode<{ v?: unknown }>(stored)
    return record.v === 1 ? (record as unknown as ThrottleRecord) : undefined
  } catch {
    return undefined
  }
}

export function saveRations(database: Database, chain: ChainId, record: ThrottleRecord): Promise<void> {
  return database.put(rationsRecord(chain), dagCbor.encode({ v: 1, ...record }))
}

/** The founder chosen for a forum that had none here (spec §2). */
export async function loadFounder(database: Database, chain: ChainId): Promise<AuthorKey | undefined> {
  const stored = await database.get(founderRecord(chain))
  return stored?.byteLength === KEY_BYTES ? authorKey(stored) : undefined
}

export function saveFounder(database: Database, chain: ChainId, founder: AuthorKey): Promise<void> {
  return database.put(founderRecord(chain), idBytes(founder))
}

/** Whether a command told this node to collect held posts of others on the chain (spec §5). */
export async function loadWelcome(database: Database, chain: ChainId): Promise<boolean> {
  return (await database.get(welcomeRecord(chain))) !== undefined
}

export function saveWelcome(database: Database, chain: ChainId, isTold: boolean): Promise<void> {
  const record = welcomeRecord(chain)
  return isTold ? database.put(record, dagCbor.encode(true)) : database.remove(record)
}

function decodeIntervals(stored: Uint8Array): Interval[] {
  const numbers = dagCbor.decode<unknown>(stored)
  if (!Array.isArray(numbers) || !numbers.every((number) => typeof number === 'number')) return []
  const intervals: Interval[] = []
  for (let at = 0; at + 1 < numbers.length; at += 2) intervals.push([numbers[at] ?? 0, numbers[at + 1] ?? 0])
  return intervals
}
