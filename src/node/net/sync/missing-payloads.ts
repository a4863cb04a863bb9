/**
 * Fetches payloads that are missing here from a peer (spec §8 step 4): a few after each pull, with a backoff per
 * payload and peer.
 */
import { evictOldest } from '../../../dag/evict-oldest.ts'
import type { ProtocolFault } from '../../../protocol/faults.ts'
import { PAYLOAD_BACKOFFS, PAYLOADS_PER_MEETING } from '../../../protocol/sync-limits.ts'
import { fetchPayload, isBeingFetched } from './payload-fetch.ts'
import type { Replica } from '../../chain/replica.ts'
import { isRpcFault } from './faults.ts'
import type { SyncStream } from './client.ts'

/**
 * Backoff after a peer did not have the payload; it doubles from the first to the maximum. Other peers are asked at
 * once.
 */
const FIRST_BACKOFF_MS = 60_000
const MAX_BACKOFF_MS = 3_600_000

interface Backoff {
  readonly index: number
  readonly tries: number
  readonly nextMs: number
}

/** Keyed by peer and local index. */
const backoffs = new WeakMap<Replica, Map<string, Backoff>>()

export interface MissingOptions {
  readonly signal: AbortSignal
  readonly nowMs: number
  /** Called with each stored frame: its bytes, and the bytes still to come. */
  readonly onFrame: (bytes: number, left: number) => void
  readonly shouldYield: () => boolean
}

/** How many peers did not have a payload, and when the first of them is asked again. */
export interface Asked {
  readonly peers: number
  readonly nextMs: number
}

/** Keyed by local index; payloads that no peer was asked for are absent. */
export function askedFor(replica: Replica): ReadonlyMap<number, Asked> {
  const asked = new Map<number, Asked>()
  for (const { index, nextMs } of backoffs.get(replica)?.values() ?? []) {
    const before = asked.get(index) ?? { peers: 0, nextMs: Infinity }
    asked.set(index, { peers: before.peers + 1, nextMs: Math.min(before.nextMs, nextMs) })
  }
  return asked
}

/** Asks for those payloads that are due at `nowMs`. Returns the peer's fault, if it broke the protocol. */
export async function askForMissing(
  replica: Replica,
  stream: SyncStream,
  { nowMs, ...options }: MissingOptions,
): Promise<ProtocolFault | undefined> {
  const known = backoffs.get(replica) ?? new Map<string, Backoff>()
  backoffs.set(replica, known)
  const keyOf = (index: number): string => `${stream.peer.toString()} ${String(index)}`
  const due: number[] = []
  for (const index of replica.missing) {
    if (due.length === PAYLOADS_PER_MEETING) break
    if ((known.get(keyOf(index))?.nextMs ?? 0) <= nowMs) due.push(index)
  }
  for (const index of due) {
    if (stream.closed || options.signal.aborted || options.shouldYield()) return undefined
    const block = await replica.block(index)
    if (isBeingFetched(replica, block.id) || !replica.storage.takesPayload(block.header)) continue
    const fetched = await fetchPayload({ replica, stream, block, ...options })
    const before = known.get(keyOf(index))?.tries ?? 0
    known.delete(keyOf(index))
    if (fetched.ok && fetched.value === 'stored') {
      await replica.payloadArrived(index, block.header.pay.size)
      continue
    }
    // A line that broke says nothing of what the peer has: the next try comes no later for it.
    const isCut = !fetched.ok && isRpcFault(fetched.fault)
    const tries = isCut ? before : before + 1
    const waitMs = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.max(0, tries - 1))
    known.set(keyOf(index), { index, tries, nextMs: nowMs + waitMs })
    evictOldest(known, PAYLOAD_BACKOFFS)
    if (!fetched.ok && !isRpcFault(fetched.fault)) return fetched.fault
  }
  return undefined
}
