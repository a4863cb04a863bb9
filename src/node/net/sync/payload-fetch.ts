/** Fetches one long payload into the store, frame by frame (spec §8). It resumes where an earlier attempt stopped. */
import { checkStructure, type Block } from '../../../dag/block.ts'
import { fail, ok, type Result } from '../../../dag/result.ts'
import type { BlockId } from '../../../dag/ids.ts'
import { FRAME_BYTES, frameCount } from '../../../dag/store.ts'
import type { ProtocolFault } from '../../../protocol/faults.ts'
import type { PulledBlock } from '../../../protocol/fetch.ts'
import { PayloadFetch } from '../../../protocol/payload-frames.ts'
import type { Incoming } from '../../chain/intake/validate-block.ts'
import { PayloadCheck, storedPayloadHolds } from '../../chain/payloads.ts'
import type { Replica } from '../../chain/replica.ts'
import type { RpcFault, SyncStream } from './client.ts'
import { signatureState, type MayRecheck } from '../../chain/intake/signatures.ts'

export interface FetchOptions {
  readonly replica: Replica
  readonly stream: SyncStream
  readonly block: Block
  readonly signal: AbortSignal
  /** Called with each stored frame: its bytes, and the bytes still to come. */
  readonly onFrame: (bytes: number, left: number) => void
  /** Polled between frames: whether to yield to waiting pulls. Stored frames are kept. */
  readonly shouldYield: () => boolean
}

interface Writer {
  readonly options: FetchOptions
  lastFrameMs: number
}

/**
 * The current fetch of each block. The frames of a block have one place in the store, so only one fetch writes them.
 */
const writers = new WeakMap<Replica, Map<BlockId, Writer>>()

/** A fetch without a frame for this long is slow or stuck; another one may replace it. */
const STUCK_MS = 3_000

/** Whether some peer is sending this payload now; no other peer is asked then. */
export function isBeingFetched(replica: Replica, id: BlockId): boolean {
  const writer = writers.get(replica)?.get(id)
  return writer !== undefined && performance.now() - writer.lastFrameMs < STUCK_MS
}

/** `stored`: all frames are in the store and verified; `absent`: the peer does not have the payload, or hides it. */
export type Fetched = 'stored' | 'absent'

/**
 * The payload of a fetched block: inline, or fetched in frames. Frames are fetched only for blocks with a valid
 * signature, since long payloads are the costliest thing a liar can make us fetch.
 */
export async function payloadOfPulled(
  { block, state, payload }: PulledBlock,
  options: Omit<FetchOptions, 'block'> & { readonly mayRecheck: MayRecheck },
): Promise<Result<Incoming['payload'], RpcFault | ProtocolFault>> {
  if (state === 'inline') return ok(payload ?? 'missing')
  if (state !== 'frames' || !checkStructure(options.replica.chain, block.header).ok) return ok('missing')
  if (!options.replica.storage.takesPayload(block.header)) return ok('missing')
  if (signatureState(block, options.mayRecheck) !== 'holds') return ok('missing')
  const fetched = await fetchPayload({ ...options, block })
  return fetched.ok ? ok(fetched.value === 'stored' ? 'stored' : 'missing') : fetched
}

/**
 * Fetches a payload and verifies it. Earlier frames may come from other peers, so a wrong digest is a breach only if
 * this peer sent all frames. If it did not, all frames are fetched again from this peer alone.
 */
export async function fetchPayload(options: FetchOptions): Promise<Result<Fetched, RpcFault | ProtocolFault>> {
  const { replica, block } = options
  const current = writers.get(replica) ?? new Map<BlockId, Writer>()
  writers.set(replica, current)
  const writer: Writer = { options, lastFrameMs: performance.now() }
  // Replaces an earlier fetch of this block, which was too slow and may be lying.
  current.set(block.id, writer)
  try {
    return await fetchAndVerify(writer, () => current.get(block.id) === writer)
  } finally {
    if (current.get(block.id) === writer) current.delete(block.id)
  }
}

async function fetchAndVerify(
  writer: Writer,
  isWriter: () => boolean,
): Promise<Result<Fetched, RpcFault | ProtocolFault>> {
  const { replica, stream, block } = writer.options
  const framesHere = await replica.store.frames(block.id)
  const { size } = block.header.pay
  const fetch = new PayloadFetch({ block: block.id, size, framesHere })
  for (let tries = framesHere === 0 ? 1 : 0; tries < 2; tries++) {
    // A fetch from the first frame on is hashed as it arrives, which saves reading it back.
    const check = fetch.isFromStart ? new PayloadCheck(replica.chain, block) : undefined
    const fetched = await fetchFrames(fetch, { writer, isWriter, check })
    if (!fetched.ok || fetched.value === 'absent') return fetched
    const holds = check?.holds() ?? (await storedPayloadHolds(replica, block))
    const areHere = (await replica.store.frames(block.id)) === frameCount(size)
    if (holds && areHere) return fetched
    // Frames were deleted meanwhile, or another fetch took over: not the peer's fault.
    if (holds || !isWriter()) return fail({ code: 'RPC_ABORTED', peer: stream.peer.toString() })
    await replica.store.dropFrames(block.id)
    fetch.reset()
  }
  return fail({ code: 'SYNC_BAD_PAYLOAD', block: block.id })
}

/** Who writes the frames; `check` hashes each of them. */
interface FrameSink {
  readonly writer: Writer
  readonly isWriter: () => boolean
  readonly check: PayloadCheck | undefined
}

/** Keeps as many frames in flight as the fetch asks for, and writes them in order. */
async function fetchFrames(
  fetch: PayloadFetch,
  { writer, isWriter, check }: FrameSink,
): Promise<Result<Fetched, RpcFault | ProtocolFault>> {
  const { replica, stream, block, signal, onFrame, shouldYield } = writer.options
  const aborted = { code: 'RPC_ABORTED', peer: stream.peer.toString() } as const
  const { rendezvous: chain } = replica.chain
  const inFlight = new Map<number, Promise<{ offset: number; reply: Awaited<ReturnType<SyncStream['request']>> }>>()
  let isOver = false
  while (!fetch.isComplete) {
    if (isOver) return fail(aborted)
    for (const offset of fetch.ask()) {
      const asked = stream.request({ t: 'frame', chain, block: block.id, offset }, { signal })
      inFlight.set(
        offset,
        asked.then((reply) => ({ offset, reply })),
      )
    }
    const { offset, reply } = await Promise.race(inFlight.values())
    inFlight.delete(offset)
    if (!reply.ok) return reply
    if (reply.value.t === 'no-payload') return ok('absent')
    if (reply.value.t !== 'frame') return fail({ code: 'SYNC_WRONG_REPLY', asked: 'frame', got: reply.value.t })
    const ready = fetch.take(offset, reply.value.bytes)
    if (!ready.ok) return ready
    for (const { n, bytes } of ready.value) {
      // Checked before each write: another fetch may have taken over.
      if (!isWriter()) return fail(aborted)
      check?.update(bytes)
      await replica.store.putFrame(block.id, n, bytes)
      writer.lastFrameMs = performance.now()
      onFrame(bytes.byteLength, Math.max(0, fetch.size - (n + 1) * FRAME_BYTES))
    }
    isOver = shouldYield()
  }
  return ok('stored')
}
