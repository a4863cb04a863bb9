import { encode } from 'it-length-prefixed'
import { Uint8ArrayList } from 'uint8arraylist'
import { describe, expect, test, vi } from 'vitest'
import {
  BadLength,
  ByteQueue,
  LengthPrefixDecoder,
  TornMessage,
} from '../../../../../src/node/net/host/length-prefix-decoder.ts'
import { readMessages } from '../../../../../src/node/net/host/streams.ts'
import { LENGTH_PREFIX_BYTES } from '../../../../../src/protocol/stream-limits.ts'

const PACKET_BYTES = 64 * 1024

function drained(queue: ByteQueue): Uint8Array[] {
  const chunks: Uint8Array[] = []
  for (let chunk = queue.shift(); chunk !== undefined; chunk = queue.shift()) chunks.push(chunk)
  return chunks
}

/** Bytes of all buffers that the views keep alive. */
function keptAlive(views: readonly Uint8Array[]): number {
  return [...new Set(views.map(({ buffer }) => buffer))].reduce((sum, { byteLength }) => sum + byteLength, 0)
}

describe('a queue of bytes', () => {
  test.each([1, 100, 16 * 1024, PACKET_BYTES])('gives what it got, in order, in chunks of %i bytes', (size) => {
    const all = Uint8Array.from({ length: 200_000 }, (_, at) => at % 251)
    const queue = new ByteQueue()
    for (let at = 0; at < all.byteLength; at += size) queue.push(new Uint8ArrayList(all.subarray(at, at + size)))
    expect(queue.byteLength).toBe(all.byteLength)
    expect(Buffer.compare(Buffer.concat(drained(queue)), all)).toBe(0)
    expect(queue.byteLength).toBe(0)
  })

  test('parts of a chunk are not joined: large ones are held as they came', () => {
    const [large, small] = [new Uint8Array(PACKET_BYTES), new Uint8Array(10)]
    const queue = new ByteQueue()
    queue.push(new Uint8ArrayList(large, small, large))
    expect(drained(queue).map(({ buffer, byteLength }) => [buffer === large.buffer, byteLength])).toEqual([
      [true, PACKET_BYTES],
      [false, 10],
      [true, PACKET_BYTES],
    ])
  })

  test('chunks of one byte keep no packets alive', () => {
    const queue = new ByteQueue()
    for (let count = 0; count < 1_000; count += 1) queue.push(new Uint8Array(PACKET_BYTES).subarray(7, 8))
    expect(keptAlive(drained(queue))).toBeLessThan(PACKET_BYTES)
  })
})

describe('frames', () => {
  test('one that is under way keeps no packets alive, and no more than its length', () => {
    const cutter = new LengthPrefixDecoder(1_000)
    const [frame] = [
      ...cutter.decode(new Uint8Array([3])),
      ...cutter.decode(new Uint8Array(PACKET_BYTES).subarray(0, 3)),
    ]
    expect(frame?.buffer.byteLength).toBe(3)
    expect(cutter.isMidMessage).toBe(false)
  })

  test.each([
    ['above the limit', [0xe9, 0x07]],
    ['with zeros behind it', [0x81, 0x00]],
    ['that goes on', Array.from({ length: LENGTH_PREFIX_BYTES }, () => 0xff)],
  ])('a length %s is refused as soon as it is there', (_what, prefix) => {
    const cutter = new LengthPrefixDecoder(1_000)
    const cut = (byte: number): Uint8Array[] => [...cutter.decode(new Uint8Array([byte]))]
    expect(prefix.slice(0, -1).flatMap(cut)).toEqual([])
    expect(() => cut(prefix.at(-1) ?? 0)).toThrow(BadLength)
  })

  test('an end in the middle of one is told', async () => {
    const torn = readMessages(10)(chunksOf(new Uint8Array([5, 1])))
    await expect(torn.next()).rejects.toThrow(TornMessage)
  })

  test('time is up for one that does not become whole; whole ones may take as long as they like between them', async () => {
    vi.useFakeTimers()
    try {
      const onLate = vi.fn()
      const parts = [new Uint8Array([2, 1]), new Uint8Array([1])]
      const slow = async function* (): AsyncGenerator<Uint8Array> {
        for (const part of parts) {
          await vi.advanceTimersByTimeAsync(60)
          yield part
        }
        await vi.advanceTimersByTimeAsync(1_000)
        yield encode.single(new Uint8Array([7])).subarray(0, 1)
        await vi.advanceTimersByTimeAsync(99)
        expect(onLate).not.toHaveBeenCalled()
        await vi.advanceTimersByTimeAsync(1)
      }
      const cut: Uint8Array[] = []
      const reading = async (): Promise<void> => {
        for await (const frame of readMessages(10, { ms: 100, onLate })(slow())) cut.push(frame)
      }
      await expect(reading()).rejects.toThrow(TornMessage)
      expect(cut).toEqual([new Uint8Array([1, 1])])
      expect(onLate).toHaveBeenCalledOnce()
    } finally {
      vi.useRealTimers()
    }
  })
})

async function* chunksOf(...chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}
