/**
 * What a node shows to prove that it runs with its key (spec §9): its *run*, a number that it drew at its start, signed
 * together with the run of another node. Two runs under one key are two nodes with one data directory copied. Pure.
 */
import { concatBytes } from '@noble/hashes/utils.js'

export const RUNNING_PROTOCOL = '/freechains/running/1.0.0'

export const RUN_BYTES = 16
const SIGNATURE_BYTES = 64

/** A run and its signature. */
export const SHOWN_BYTES = RUN_BYTES + SIGNATURE_BYTES

/** The longest request: the run to be signed with one's own, and what another run showed. */
export const RUNNING_REQUEST_BYTES = RUN_BYTES + SHOWN_BYTES

const DOMAIN = new TextEncoder().encode('freechains/running/1')

/** What a run shows about itself. */
export interface Shown {
  readonly run: Uint8Array
  readonly signature: Uint8Array
}

export interface RunningRequest {
  /** The run to be signed with one's own; zeros if none. */
  readonly about: Uint8Array
  /** What a run under the receiver's key showed about the receiver's run. */
  readonly other?: Shown
}

/** What a node signs: nobody else can make it say so of a run that it is not, nor repeat it to a later run. */
export function signedBytes(run: Uint8Array, about: Uint8Array): Uint8Array {
  return concatBytes(DOMAIN, run, about)
}

export function encodeRequest({ about, other }: RunningRequest): Uint8Array {
  return other === undefined ? about : concatBytes(about, other.run, other.signature)
}

/** Undefined if it has another length than either form. */
export function decodeRequest(bytes: Uint8Array): RunningRequest | undefined {
  const about = bytes.slice(0, RUN_BYTES)
  if (bytes.byteLength === RUN_BYTES) return { about }
  const other = bytes.byteLength === RUNNING_REQUEST_BYTES ? decodeShown(bytes.slice(RUN_BYTES)) : undefined
  return other === undefined ? undefined : { about, other }
}

export function encodeShown({ run, signature }: Shown): Uint8Array {
  return concatBytes(run, signature)
}

export function decodeShown(bytes: Uint8Array): Shown | undefined {
  if (bytes.byteLength !== SHOWN_BYTES) return undefined
  return { run: bytes.slice(0, RUN_BYTES), signature: bytes.slice(RUN_BYTES) }
}
