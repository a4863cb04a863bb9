/** Fetches one long payload frame by frame into the store (spec §8), going on where an earlier try was cut. */
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
  /** Told of each frame that was stored: its bytes, and those still to come. */
  readonly onFrame: (bytes: number, left: number) => void
  /** Asked between frames: others wait for their turn. What came is kept. */
  readonly shouldYield: () => boolean
}

interface Writer {
  readonly options: FetchOptions
  lastFrameMs: number
}

/** The fetch under way for each block: its frames have one place in the store, so there is one that writes them. */
const writers = new WeakMap<Replica, Map<BlockId, Writer>>()

/** A fetch without a frame for this long is slow or stuck, and another one may take its place. */
const STUCK_MS = 3_000

/** Whether the payload is on its way from some peer: nobody else is asked for it then. */
export function isBeingFetched(replica: Replica, id: BlockId): boolean {
  const writer = writers.get(replica)?.get(id)
  return writer !== undefined && performance.now() - writer.lastFrameMs < STUCK_MS
}

/** `stored`: all frames are in the store and hold; `absent`: this peer has none of it, or hides it. */
export type Fetched = 'stored' | 'absent'

/**
 * The payload of a block that came: with it, or in frames. Those are fetched only for blocks whose signature holds: long
 * payloads are the dearest thing to be lied into.
 */
export async function payloadOfPulled(
  { block, state, payload }: PulledBlock,
  options: Omit<FetchOptions, 'block'> & { readonly mayRecheck: MayRecheck },
): Promise<Result<Incoming['payload'], RpcFault | ProtocolFault>> {
  if (state === 'inline') return ok(payload ?? 'missing')
  if (state !== 'frames' || !checkStructure(options.replica.chain, block.header).ok) return ok('missing')
  if (signatureState(block, options.mayRecheck) !== 'holds') return ok('missing')
  const fetched = await fetchPayload({ ...options, block })
  return fetched.ok ? ok(fetched.value === 'stored' ? 'stored' : 'missing') : fetched
}

/**
 * Frames of a first try may stem from other peers, so a wrong digest is this peer's fault only when all of them were its
 * own: then the whole was asked for again of it alone.
 */
export async function fetchPayload(options: FetchOptions): Promise<Result<Fetched, RpcFault | ProtocolFault>> {
  const { replica, block } = options
  const current = writers.get(replica) ?? new Map<BlockId, Writer>()
  writers.set(replica, current)
  const writer: Writer = { options, lastFrameMs: performance.now() }
  // An earlier one that is still at it has lost its turn: it was too slow, and may be lying.
  current.set(block.id, writer)
  try {
    return await fetchInTurn(writer, () => current.get(block.id) === writer)
  } finally {
    if (current.get(block.id) === writer) current.delete(block.id)
  }
}

async function fetchInTurn(
  writer: Writer,
  isWriter: () => boolean,
): Promise<Result<Fetched, RpcFault | ProtocolFault>> {
  const { replica, stream: session, block } = writer.options
  const framesHere = await replica.store.frames(block.id)
  const { size } = block.header.pay
  const fetch = new PayloadFetch({ block: block.id, size, framesHere })
  for (let tries = framesHere === 0 ? 1 : 0; tries < 2; tries++) {
    // What all comes now is looked at as it passes, and not read again.
    const passing = fetch.isFromStart ? new PayloadCheck(replica.chain, block) : undefined
    const came = await fetchFrames(fetch, { writer, isWriter, passing })
    if (!came.ok || came.value === 'absent') return came
    const holds = passing?.holds() ?? (await storedPayloadHolds(replica, block))
    const areHere = (await replica.store.frames(block.id)) === frameCount(size)
    if (holds && areHere) return came
    // Frames that had to go meanwhile are not the peer's fault.
    if (holds || !isWriter()) return fail({ code: 'RPC_ABORTED', peer: session.peer.toString() })
    await replica.store.dropFrames(block.id)
    fetch.reset()
  }
  return fail({ code: 'SYNC_BAD_PAYLOAD', block: block.id })
}

/** Who writes frames; `passing` is shown each of them. */
interface FrameTaker {
  readonly writer: Writer
  readonly isWriter: () => boolean
  readonly passing: PayloadCheck | undefined
}

/** Keeps as many frames in flight as the fetch asks for; writes them in order. */
async function fetchFrames(
  fetch: PayloadFetch,
  { writer, isWriter, passing }: FrameTaker,
): Promise<Result<Fetched, RpcFault | ProtocolFault>> {
  const { replica, stream: session, block, signal, onFrame, shouldYield } = writer.options
  const givenUp = { code: 'RPC_ABORTED', peer: session.peer.toString() } as const
  const { rendezvous: chain } = replica.chain
  const inFlight = new Map<number, Promise<{ offset: number; reply: Awaited<ReturnType<SyncStream['request']>> }>>()
  let isOver = false
  while (!fetch.isComplete) {
    if (isOver) return fail(givenUp)
    for (const offset of fetch.ask()) {
      const asked = session.request({ t: 'frame', chain, block: block.id, offset }, { signal })
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
      // Before each: what another one writes now is not to be overwritten.
      if (!isWriter()) return fail(givenUp)
      passing?.update(bytes)
      await replica.store.putFrame(block.id, n, bytes)
      writer.lastFrameMs = performance.now()
      onFrame(bytes.byteLength, Math.max(0, fetch.size - (n + 1) * FRAME_BYTES))
    }
    isOver = shouldYield()
  }
  return ok('stored')
}
