/** What holds of the cutting of a stream into frames: the same frames however it is cut, and never more held than one. */
import { isDeepStrictEqual } from 'node:util'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { encode } from 'it-length-prefixed'
import { TornMessage } from '../../src/node/net/host/length-prefix-decoder.ts'
import { badLengthFault } from '../../src/node/net/sync/faults.ts'
import { readMessages } from '../../src/node/net/host/streams.ts'
import { Broken } from './fuzz-laws.ts'
import { concat } from './fuzz-mutate.ts'

/** Small, so that mutants reach it. */
export const FRAME_CAP = 1_000

const PREFIX_BYTES = 4

/** A long stream is not cut byte by byte: it says no more than a short one. */
const MOST_CHUNKS = 16_384

export function framed(...contents: readonly Uint8Array[]): Uint8Array {
  return concat(...contents.map((content) => encode.single(content).subarray()))
}

interface Cut {
  readonly frames: readonly string[]
  readonly end: string
}

/** How the stream ends: `whole`, `torn` or the code of the fault. @throws {Broken} */
export async function checkFrames(bytes: Uint8Array): Promise<string> {
  const whole = await cutFrames(bytes, Math.max(1, bytes.length))
  for (const size of [1, 5]) {
    if (size * MOST_CHUNKS < bytes.length) continue
    if (!isDeepStrictEqual(await cutFrames(bytes, size), whole)) throw new Broken('frames depend on cuts', bytes)
  }
  let from = 0
  for (const hex of whole.frames) {
    const spelt = framed(hexToBytes(hex))
    const isSame = Buffer.compare(spelt, bytes.subarray(from, from + spelt.length)) === 0
    if (!isSame) throw new Broken('it takes a length in another spelling', bytes)
    from += spelt.length
  }
  return whole.end
}

async function cutFrames(bytes: Uint8Array, size: number): Promise<Cut> {
  const taken: string[] = []
  let held = 0
  async function* chunks(): AsyncGenerator<Uint8Array, void> {
    for (let from = 0; from < bytes.length; from += size) {
      if (held > PREFIX_BYTES + FRAME_CAP) throw new Broken('it reads on while it holds a whole frame', bytes)
      const chunk = bytes.slice(from, from + size)
      held += chunk.length
      yield chunk
    }
  }
  try {
    for await (const frame of readMessages(FRAME_CAP)(chunks())) {
      held -= framed(frame).length
      taken.push(bytesToHex(frame))
    }
    return { frames: taken, end: 'whole' }
  } catch (error) {
    const fault = badLengthFault(error)
    if (fault !== undefined) return { frames: taken, end: fault.code }
    if (error instanceof TornMessage) return { frames: taken, end: 'torn' }
    throw error instanceof Broken ? error : new Broken(`it throws ${String(error)}`, bytes, error)
  }
}
