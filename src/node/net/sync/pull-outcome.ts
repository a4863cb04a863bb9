/**
 * What the end of a pull means (spec §8): for the peer's displayed state, for the next attempt, and for the command
 * that waits for it.
 */
import { unreachable } from '../../../dag/result.ts'
import type { Graph } from '../../../dag/graph.ts'
import type { BlockId } from '../../../dag/ids.ts'
import type { ProtocolFault } from '../../../protocol/faults.ts'
import type { PullEnd, PullResult } from '../../../protocol/pull-types.ts'
import { YIELDED } from './pull.ts'
import type { SyncFault } from './faults.ts'

export interface PullOutcome {
  /** The peer's state, as a text for users. */
  readonly state: string
  /** `now`: the pull yielded; `later`: it failed and is retried with a backoff. */
  readonly retry?: 'now' | 'later'
  /** The heads were compared, or all blocks of the peer were requested. */
  readonly isCompared?: true
  /** What the peer did wrong. */
  readonly breach?: ProtocolFault
  /** Reported to the command that asked for the pull. */
  readonly fault?: SyncFault
}

/**
 * Whether a pull is evidence that this node is in sync (spec §5, *Throttle*): all blocks of the peer are here, and one
 * of its heads is a head here. A peer that shows no heads, is behind, or has blocks that are not accepted here may be
 * honest, but is no evidence.
 * @param graph - this node's graph at the end of the pull
 */
export function showsSync({ end, heads: others, commonHeads }: PullResult, graph: Graph): boolean {
  const heads = new Set(graph.heads())
  const isHead = (id: BlockId): boolean => {
    const index = graph.indexOf(id)
    // The genesis is the head of an empty chain, which any peer can show.
    return index !== undefined && index > 0 && heads.has(index)
  }
  return end.why === 'done' && [...commonHeads, ...others].some(isHead)
}

export function outcomeOf(peer: string, { end, fresh, seen }: PullResult): PullOutcome {
  const refused = (why: string): SyncFault => ({ code: 'SYNC_REFUSED', peer, why })
  switch (end.why) {
    case 'done':
      return { state: 'synced', isCompared: true }
    case 'stalled':
      return { state: 'lists blocks that do not get in here', isCompared: true }
    case 'postponed':
      return { state: 'sends signatures that take time to check', retry: 'later' }
    case 'incompatible':
      return { state: incompatibleText(end), fault: { code: 'SYNC_INCOMPATIBLE', ours: end.ours, theirs: end.theirs } }
    case 'no-founder': {
      const { founder = '', blocks = 0 } = seen ?? {}
      const state = `follows founder ${founder}, ${String(blocks)} blocks; none is chosen here`
      return { state, fault: { code: 'SYNC_NO_FOUNDER', peer, founder, blocks } }
    }
    case 'faulty':
      return {
        state: `broke the protocol: ${end.fault.code}`,
        breach: end.fault,
        fault: { code: 'SYNC_FAILED', peer, why: end.fault.code },
      }
    case 'failed': {
      const state = `interrupted: ${end.reason}`
      if (end.reason === YIELDED) return { state, retry: 'now', fault: { code: 'SYNC_CUT', fresh } }
      const fault: SyncFault = { code: 'SYNC_FAILED', peer, why: end.reason }
      return end.reason === 'RPC_ABORTED' ? { state, fault } : { state, retry: 'later', fault }
    }
    case 'unknown-chain':
      return { state: 'does not have this chain', fault: refused(end.why) }
    case 'busy':
      return { state: 'busy', retry: 'later', fault: refused(end.why) }
    case 'refused':
      return { state: 'refused', fault: refused(end.why) }
    default:
      return unreachable(end)
  }
}

function incompatibleText({ ours, theirs }: PullEnd & { readonly why: 'incompatible' }): string {
  return `incompatible: the pioneer here is ${ours}, there ${theirs}`
}
