/**
 * Verifies a stored chain (spec §3–§5): reads every block again, recomputes all that the store keeps of them (k, which are
 * paid and accepted, heads, bytes, payloads kept aside) and compares. Slow, and changes nothing.
 */
import { decodeBlock, verifyBlock } from '../../dag/block.ts'
import { graphViolationsOf } from '../../dag/graph-invariants.ts'
import type { Chain } from '../../dag/chain.ts'
import type { LoadedChain } from '../../dag/store.ts'
import { isAcceptedState, isStateInV, type ChainRow, type ChainStore } from '../../reputation/block-state.ts'
import { ChainState } from '../../reputation/chain-state.ts'
import { Mempool } from './intake/mempool.ts'
import { storedPayloadHolds } from './payloads.ts'
import { Staging } from './intake/staging.ts'
import { blockOfStored } from './intake/stored-blocks.ts'

/** Blocks between two reports of progress: about a second. */
const BLOCKS_PER_REPORT = 10_000

/** Further problems are not reported. */
const MAX_PROBLEMS = 100

export interface VerifyOptions {
  /** Any 32-bit number. */
  readonly seed: number
  /** Called from time to time with the number of blocks checked. */
  readonly onProgress: (blocks: number) => void
}

export interface ChainReport {
  readonly blocks: number
  /** In words. */
  readonly problems: readonly string[]
}

export async function verifyStore(chain: Chain, store: ChainStore, options: VerifyOptions): Promise<ChainReport> {
  const rows: ChainRow[] = []
  const loaded = await store.load((row) => rows.push(row))
  const problems: string[] = []
  const say = (problem: string): void => {
    if (problems.length < MAX_PROBLEMS) problems.push(problem)
  }
  const rebuilt = new ChainState(chain, options.seed)
  const staging = new Staging(rebuilt, new Mempool())
  const missing = new Set(loaded.missing)
  let bytes = 0
  for (const [position, row] of rows.entries()) {
    const index = position + 1
    if (index % BLOCKS_PER_REPORT === 0) options.onProgress(index)
    const stored = await store.block(index)
    const block = stored === undefined ? undefined : decodeBlock(stored.headerBytes, stored.signature)
    if (block?.ok !== true || block.value.id !== row.id) {
      say(`block ${String(index)} is not what its row says; what stands on it was not checked`)
      break
    }
    bytes += block.value.headerBytes.byteLength + (block.value.signature?.byteLength ?? 0)
    if (!missing.has(index)) {
      bytes += block.value.header.pay.size
      if (!(await storedPayloadHolds({ chain, store }, block.value)))
        say(`the payload of block ${String(index)} is damaged`)
    }
    if (!verifyBlock(block.value)) say(`the signature of block ${String(index)} does not hold`)
    const added = staging.append({ block: block.value, payload: 'missing', isOurs: row.isOurs, waitsFor: 'payer' })
    if (!added.ok) {
      say(`block ${String(index)} is not sound: ${added.fault.code}`)
      break
    }
    if (isStateInV(row.state) && row.backs.some((back) => back > 0 && !rebuilt.isIn(back))) {
      say(`block ${String(index)} is ${row.state} over a block that is not gone by`)
      break
    }
    if (isStateInV(row.state)) rebuilt.enter(index)
    else if (row.state === 'dropped') rebuilt.drop(index)
  }
  if (problems.length === 0) compare(rebuilt, rows, { heads: loaded.heads, bytes: loaded.bytes, counted: bytes }, say)
  if (problems.length === 0) await compareAside(rebuilt, store, loaded, say)
  return { blocks: rows.length, problems }
}

function compare(
  rebuilt: ChainState,
  rows: readonly ChainRow[],
  stored: { readonly heads: readonly number[]; readonly bytes: number; readonly counted: number },
  say: (problem: string) => void,
): void {
  const { graph } = rebuilt
  for (const [position, { k, state }] of rows.entries()) {
    const index = position + 1
    if (rebuilt.k(index) !== k)
      say(`k of block ${String(index)} is ${String(rebuilt.k(index))}, stored as ${String(k)}`)
    const isAccepted = graph.isAccepted(index)
    const found = isAccepted ? (rebuilt.isPaid(index) ? 'paid' : 'unpaid') : 'not accepted'
    const told = isAcceptedState(state) ? state : 'not accepted'
    if (found !== told) say(`block ${String(index)} is ${found}, stored as ${state}`)
  }
  const heads = graph.heads().filter((index) => index > 0)
  const byNumber = (list: readonly number[]): string => [...list].sort((a, b) => a - b).join(' ')
  if (byNumber(heads) !== byNumber(stored.heads)) {
    say(`the heads are ${byNumber(heads)}, stored as ${byNumber(stored.heads)}`)
  }
  if (stored.bytes !== stored.counted) say(`${String(stored.counted)} bytes, stored as ${String(stored.bytes)}`)
  for (const { code } of graphViolationsOf(graph)) say(`the graph: ${code}`)
}

/** Payloads are kept aside for hidden posts alone; one of a hidden post that is not would never be deleted. */
async function compareAside(
  rebuilt: ChainState,
  store: ChainStore,
  { missing, aside }: LoadedChain,
  say: (problem: string) => void,
): Promise<void> {
  const absent = new Set(missing)
  for (let index = 1; index < rebuilt.graph.size; index += 1) {
    const isAside = aside.has(index)
    if (!rebuilt.isHidden(index)) {
      if (isAside) say(`the payload of block ${String(index)} is kept aside, and its post is not hidden`)
    } else if (absent.has(index)) {
      if (isAside) say(`the payload of block ${String(index)} is kept aside, and not here`)
    } else if (!isAside && blockOfStored(index, await store.block(index)).header.pay.size > 0) {
      say(`the payload of block ${String(index)}, which is hidden, is not kept aside`)
    }
  }
}
