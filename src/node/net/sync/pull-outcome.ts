/** What the end of a pull means (spec §8): for how the peer stands, for whether it is asked again, and for who waits for it. */
import { unreachable } from '../../../dag/result.ts'
import type { Graph } from '../../../dag/graph.ts'
import type { BlockId } from '../../../dag/ids.ts'
import type { ProtocolFault } from '../../../protocol/faults.ts'
import type { PullEnd, PullResult } from '../../../protocol/pull-types.ts'
import { YIELDED } from './pull.ts'
import type { SyncFault } from './faults.ts'

export interface PullOutcome {
  /** How the peer stands, in words. */
  readonly state: string
  /** `now`: it gave way to others; `later`: it did not work out this time. */
  readonly retry?: 'now' | 'later'
  /** Heads were compared, or everything that it has was asked for. */
  readonly isCompared?: true
  /** What it did wrong. */
  readonly breach?: ProtocolFault
  /** For the command that asked for the pull. */
  readonly fault?: SyncFault
}

/**
 * Whether a pull supports that this node is in sync (spec §5, *Throttle*): all of theirs is here, and a head of theirs is a
 * head here. Who shows nothing, or is behind, or has what is not accepted here may be honest, and says nothing of it.
 * @param graph - of the chain here, as it is at the end
 */
export function showsSync({ end, heads: others, commonHeads }: PullResult, graph: Graph): boolean {
  const heads = new Set(graph.heads())
  const isHead = (id: BlockId): boolean => {
    const index = graph.indexOf(id)
    // The genesis is the head of an empty chain, and nobody has to show anything for it.
    return index !== undefined && index > 0 && heads.has(index)
  }
  return end.why === 'done' && [...commonHeads, ...others].some(isHead)
}

export function outcomeOf(peer: string, { end, fresh }: PullResult): PullOutcome {
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
