/** `chain.missing` (spec §8 step 4, §10): missing payloads, each with the reason. */
import { showId } from '../../dag/ids.ts'
import type { ResultOf } from '../control/schema.ts'
import { askedFor, type Asked } from '../net/sync/missing-payloads.ts'
import { isBeingFetched } from '../net/sync/payload-fetch.ts'
import type { Replica } from '../chain/replica.ts'

/** Bound of one answer: each entry costs a read of the store. `chain.status` counts all. */
const MAX_LISTED = 1000

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS

type Missing = ResultOf<'chain.missing'>

/** The circumstances of the call. */
export interface MissingContext {
  /** Connected peers that follow the chain. */
  readonly peers: number
  readonly nowMs: number
}

export async function listMissing(replica: Replica, context: MissingContext): Promise<Missing> {
  const asked = askedFor(replica)
  const list: Missing = []
  for (const index of [...replica.missing].slice(0, MAX_LISTED)) {
    const { id, header } = await replica.block(index)
    list.push({
      id: showId(header.height, id),
      size: header.pay.size,
      ...(header.author === undefined ? {} : { author: header.author }),
      why: isBeingFetched(replica, id) ? 'it is on its way' : whyMissing(asked.get(index), context),
    })
  }
  return list
}

/** The wait until the next request shrinks as `nowMs` grows. */
function whyMissing(asked: Asked | undefined, { peers, nowMs }: MissingContext): string {
  const before = asked === undefined ? 'nobody was asked yet' : `${counted(asked.peers, 'peer')} asked, and none had it`
  if (peers === 0) return `${before}; no peer of the chain is connected: it is asked for when one is`
  const waitMs = (asked?.nextMs ?? 0) - nowMs
  if (asked === undefined || waitMs <= 0)
    return `${before}; it is asked for when a peer is next met, about once a minute`
  const others = peers > asked.peers ? ', of others when they are next met' : ''
  return `${before}; asked for again in ${showWait(waitMs)}${others}`
}

function showWait(ms: number): string {
  return ms < 2 * MINUTE_MS ? `${String(Math.ceil(ms / SECOND_MS))} s` : `${String(Math.ceil(ms / MINUTE_MS))} min`
}

function counted(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? ' was' : 's were'}`
}
