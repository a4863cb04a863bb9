/** Asks a peer for payloads that are missing here (spec §8 step 4): a few at each meeting, each with a backoff. */
import { fetchPayload } from './payload-fetch.ts'
import type { Replica } from './replica.ts'
import type { SyncSession } from './rpc.ts'

/** Payloads asked for at one meeting; the next meeting goes on. */
const PAYLOADS_PER_MEETING = 32
/** After a peer had it not: doubling from the first to the last. */
const FIRST_BACKOFF_MS = 60_000
const MAX_BACKOFF_MS = 3_600_000

interface Backoff {
  tries: number
  nextMs: number
}

const backoffs = new WeakMap<Replica, Map<number, Backoff>>()

/** As `nowMs` grows, payloads that nobody had become due again. */
export async function askMissing(
  replica: Replica,
  session: SyncSession,
  when: { signal: AbortSignal; nowMs: number; onProgress: () => void },
): Promise<void> {
  const known = backoffs.get(replica) ?? new Map<number, Backoff>()
  backoffs.set(replica, known)
  const due = [...replica.missing].filter((index) => (known.get(index)?.nextMs ?? 0) <= when.nowMs)
  for (const index of due.slice(0, PAYLOADS_PER_MEETING)) {
    if (session.closed || when.signal.aborted) return
    const block = await replica.block(index)
    const fetched = await fetchPayload({ replica, session, block, signal: when.signal, onProgress: when.onProgress })
    if (fetched.ok && fetched.value === 'stored') {
      await replica.payloadArrived(index, block.header.pay.size)
      known.delete(index)
    } else {
      const tries = (known.get(index)?.tries ?? 0) + 1
      known.set(index, { tries, nextMs: when.nowMs + Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (tries - 1)) })
    }
  }
}
