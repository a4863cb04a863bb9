/**
 * Decides what becomes of one block that came in (spec §3, §5), cheapest check first and the signature last. Only
 * looks: whoever calls it adds the block to the graph and commits it.
 */
import { checkPayload, checkStructure, verifyBlock, type Block, type Header } from '../dag/block.ts'
import type { Chain } from '../dag/chain.ts'
import { fail, ok, type DagFault, type Result } from '../dag/faults.ts'
import type { Graph } from '../dag/graph.ts'
import type { AuthorKey } from '../dag/ids.ts'
import { MAX_AHEAD_MS } from '../dag/limits.ts'
import { checkSound } from '../dag/sound.ts'
import type { GraphRow, NewBlock, ParkReason } from '../dag/store.ts'
import type { BlockFault } from '../protocol/faults.ts'
import { judgeBlock } from '../reputation/verdict.ts'

/** A block on its way in. `stored`: its frames are in the store already, and were checked there. */
export interface Incoming {
  readonly block: Block
  readonly payload: Uint8Array | 'stored' | 'missing'
}

/** Where a block is judged. */
export interface AdmitContext {
  readonly chain: Chain
  readonly graph: Graph
  readonly nowMs: number
  readonly pioneer?: AuthorKey
  /** Header of the like's target, if it is known. */
  readonly target?: Header
}

export interface Admitted {
  readonly row: GraphRow
  readonly parked?: ParkReason
}

/** As `nowMs` grows, a block that is parked as `ahead` becomes acceptable; nothing else changes. */
export function admit(incoming: Incoming, context: AdmitContext): Result<Admitted, BlockFault> {
  const { chain, graph, nowMs } = context
  const { id, header } = incoming.block
  const structure = checkStructure(chain, header)
  if (!structure.ok) return structure
  const sound = checkSound(chain, header, context)
  if (!sound.ok) return sound
  const verdict = judgeBlock(chain, header)
  if (!verdict.ok) return verdict
  const payload = checkIncomingPayload(incoming, chain)
  if (!payload.ok) return payload
  const row: GraphRow = { id, height: header.height, time: header.time, backs: sound.value }
  const ahead = header.time > nowMs + MAX_AHEAD_MS
  const parkedBack = sound.value.find((back) => !graph.isAccepted(back))
  if (parkedBack !== undefined && !ahead) return fail({ code: 'DAG_MISSING_BACK', back: graph.id(parkedBack) })
  if (!verifyBlock(incoming.block)) return fail({ code: 'DAG_BAD_SIGNATURE' })
  return ok(ahead ? { row, parked: 'ahead' } : { row })
}

/** An admitted block as the store takes it. An empty payload is here without having come. */
export function newBlockOf({ block, payload }: Incoming, { row, parked }: Admitted): NewBlock {
  const { headerBytes, signature, header } = block
  return {
    row,
    headerBytes,
    ...(signature === undefined ? {} : { signature }),
    payId: header.pay.id,
    paySize: header.pay.size,
    payload: header.pay.size === 0 ? new Uint8Array(0) : payload,
    ...(parked === undefined ? {} : { parked }),
  }
}

/** A missing payload never stops acceptance, except in groups: only what opens under the key was written by a member. */
function checkIncomingPayload({ block, payload }: Incoming, chain: Chain): Result<true, DagFault> {
  if (payload === 'stored') return ok(true)
  if (payload !== 'missing') return checkPayload(chain, block, payload)
  if (chain.params.kind === 'group')
    return fail({ code: 'DAG_BAD_PAYLOAD', why: 'a group needs it to check membership' })
  return ok(true)
}
