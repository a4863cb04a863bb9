import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { YamuxFrameFlood, YamuxFrameGuard, OversizedYamuxFrame } from '../../../../../src/node/net/host/yamux-guard.ts'
import { YamuxBudget } from '../../../../../src/node/net/host/yamux-budget.ts'
import { CONTROL_FRAMES } from '../../../../../src/protocol/stream-limits.ts'
import { checkProperty } from '../../../../support/property.ts'

const LIMIT = 1_000
const SYN = 1

/** Expects nothing. */
const DEAF = {
  onStream: () => expect.unreachable(),
  onOversized: () => expect.unreachable(),
  onFlood: () => expect.unreachable(),
  onGoAway: () => expect.unreachable(),
}

interface Said {
  readonly type: 'data' | 'window'
  readonly flags: number
  readonly stream: number
  readonly length: number
}

/** The bytes of a yamux frame. */
function frameOf({ type, flags, stream, length }: Said): Uint8Array {
  const isData = type === 'data'
  const frame = new Uint8Array(12 + (isData ? Math.min(length, LIMIT) : 0)).fill(0xff)
  const view = new DataView(frame.buffer)
  view.setUint8(0, 0)
  view.setUint8(1, isData ? 0 : 1)
  view.setUint16(2, flags)
  view.setUint32(4, stream)
  view.setUint32(8, length)
  return frame
}

function headerOf(type: number, flags: number, stream: number, length: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(12))
  view.setUint8(1, type)
  view.setUint16(2, flags)
  view.setUint32(4, stream)
  view.setUint32(8, length)
  return new Uint8Array(view.buffer)
}

const said = fc.record({
  type: fc.constantFrom('data' as const, 'window' as const),
  flags: fc.constantFrom(0, SYN, 2, 4, SYN | 4),
  stream: fc.integer({ min: 0, max: 9 }),
  length: fc.integer({ min: 0, max: LIMIT }),
})

describe('a guard of frames', () => {
  test('counts the streams that are opened, however the bytes are cut', () => {
    checkProperty(
      'yamux-guard-any-cut',
      fc.property(fc.array(said), fc.integer({ min: 1, max: 40 }), (frames, size) => {
        const bytes = Buffer.concat(frames.map(frameOf))
        let opened = 0
        const guard = new YamuxFrameGuard(LIMIT)
        guard.watch({ ...DEAF, onStream: () => (opened += 1) })
        for (let at = 0; at < bytes.byteLength; at += size) guard.pass(bytes.subarray(at, at + size))
        expect(opened).toBe(frames.filter(({ flags, stream }) => (flags & SYN) !== 0 && stream !== 0).length)
      }),
    )
  })

  test('refuses a frame above the limit with its header, and tells who watches, now or later', () => {
    for (const isEarly of [true, false]) {
      const giants: number[] = []
      const guard = new YamuxFrameGuard(LIMIT)
      const watch = { ...DEAF, onStream: () => undefined, onOversized: (bytes: number) => giants.push(bytes) }
      if (isEarly) guard.watch(watch)
      const header = frameOf({ type: 'data', flags: 0, stream: 1, length: LIMIT + 1 }).subarray(0, 12)
      guard.pass(header.subarray(0, 11))
      expect(() => guard.pass(header.subarray(11))).toThrow(OversizedYamuxFrame)
      guard.watch(watch)
      expect(giants).toEqual([LIMIT + 1])
    }
  })

  test('a window may be opened by more than any frame has', () => {
    const guard = new YamuxFrameGuard(LIMIT)
    guard.pass(frameOf({ type: 'window', flags: 0, stream: 1, length: 0xffff_ffff }))
  })

  test('takes as many frames without data as an honest peer sends, whatever they are, and tells at one more', () => {
    const [data, window, ping] = [0, 1, 2]
    const kinds: readonly { readonly title: string; readonly header: readonly [number, number, number, number] }[] = [
      { title: 'pings', header: [ping, SYN, 0, 7] },
      { title: 'answers to pings', header: [ping, 2, 0, 7] },
      { title: 'window updates', header: [window, 0, 1, 1] },
      { title: 'resets', header: [window, 8, 1, 0] },
      { title: 'empty data', header: [data, 0, 1, 0] },
    ]
    for (const { title, header } of kinds) {
      let floods = 0
      const guard = new YamuxFrameGuard(LIMIT, new YamuxBudget(() => 0))
      guard.watch({ ...DEAF, onFlood: () => (floods += 1) })
      for (let n = 0; n < CONTROL_FRAMES.burst; n += 1) guard.pass(headerOf(...header))
      expect(floods, title).toBe(0)
      expect(() => guard.pass(headerOf(...header)), title).toThrow(YamuxFrameFlood)
      expect(floods, title).toBe(1)
    }
  })

  test('the frames that this side sends pay for what comes back', () => {
    const guard = new YamuxFrameGuard(LIMIT, new YamuxBudget(() => 0))
    guard.watch(DEAF)
    for (let n = 0; n < 10 * CONTROL_FRAMES.burst; n += 1) {
      guard.sent(frameOf({ type: 'data', flags: 0, stream: 1, length: 9 }))
      guard.pass(frameOf({ type: 'window', flags: 0, stream: 1, length: 9 }))
    }
    for (let n = 0; n < CONTROL_FRAMES.burst; n += 1) {
      guard.sent(frameOf({ type: 'window', flags: SYN, stream: 1, length: 0 }))
      for (const flags of [2, 4, 8]) guard.pass(frameOf({ type: 'window', flags, stream: 1, length: 0 }))
    }
  })

  test('tells when the peer says goodbye', () => {
    let times = 0
    const guard = new YamuxFrameGuard(LIMIT)
    guard.watch({ ...DEAF, onGoAway: () => (times += 1) })
    guard.pass(headerOf(3, 0, 0, 0))
    expect(times).toBe(1)
  })
})
