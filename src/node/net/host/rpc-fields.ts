/**
 * Counts the protobuf fields of a gossipsub RPC without decoding it: the decoder makes an object of each, at 1.5 µs, so
 * that 2 MiB of empty ids stop the node for 1.5 s. Pure.
 */

/** The fields that are messages themselves, by number; anything else is counted and skipped. */
interface Shape {
  readonly [field: number]: Shape
}

const LEAF: Shape = {}
const PRUNE: Shape = { 2: LEAF }
/** ihave, iwant, graft, prune, idontwant. */
const CONTROL: Shape = { 1: LEAF, 2: LEAF, 3: LEAF, 4: PRUNE, 5: LEAF }
/** Subscriptions, messages, control. */
const RPC: Shape = { 1: LEAF, 2: LEAF, 3: CONTROL }

const VARINT = 0
const FIXED_64 = 1
const BYTES = 2
const FIXED_32 = 5

/** Counts at most `limit` fields and one more. Bytes that are no protobuf, or have groups, count as more than `limit`. */
export function countRpcFields(rpc: Uint8Array, limit: number): number {
  let fields = 0
  /** Infinity once the bytes are malformed, which ends all loops. */
  let at = 0

  const varint = (end: number): number => {
    let value = 0
    for (let scale = 1; at < end; scale *= 128) {
      const byte = rpc[at] ?? 0
      at += 1
      value += (byte % 128) * scale
      if (byte < 128) return value
      if (scale > Number.MAX_SAFE_INTEGER) break
    }
    at = Number.POSITIVE_INFINITY
    return 0
  }

  const scan = (end: number, shape: Shape): void => {
    while (at < end && fields <= limit) {
      const tag = varint(end)
      fields += 1
      const kind = tag % 8
      if (kind === VARINT) varint(end)
      else if (kind === FIXED_64) at += 8
      else if (kind === FIXED_32) at += 4
      else if (kind === BYTES) skipBytes(end, shape[Math.floor(tag / 8)])
      else at = Number.POSITIVE_INFINITY
    }
    if (at > end) at = Number.POSITIVE_INFINITY
  }

  const skipBytes = (end: number, inner: Shape | undefined): void => {
    const length = varint(end)
    const next = at + length
    if (inner !== undefined && next <= end) scan(next, inner)
    at = at > next || next > end ? Number.POSITIVE_INFINITY : next
  }

  scan(rpc.byteLength, RPC)
  return at > rpc.byteLength ? limit + 1 : fields
}
