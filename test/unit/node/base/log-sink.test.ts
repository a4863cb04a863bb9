import { describe, expect, test } from 'vitest'
import {
  CountingSink,
  fileTarget,
  MAX_UNREAD_LOG_BYTES,
  streamTarget,
  type LineTarget,
  type UnreadStream,
} from '../../../../src/node/base/log-sink.ts'
import { createLogger } from '../../../../src/node/base/log.ts'

/** A target that takes lines while `why` is undefined. */
function switched(): {
  sink: CountingSink
  lines: string[]
  fail: (why: string | undefined) => void
  lose: (why: string) => void
} {
  const lines: string[] = []
  let why: string | undefined
  let lose = (_why: string): void => undefined
  const target: LineTarget = {
    put: (line) => {
      if (why === undefined) lines.push(line)
      return why
    },
  }
  const sink = new CountingSink((onLost) => {
    lose = onLost
    return target
  })
  return {
    sink,
    lines,
    fail: (now) => {
      why = now
    },
    lose: (lost) => {
      lose(lost)
    },
  }
}

const parsed = (line: string | undefined): unknown => JSON.parse(line ?? '')

describe('lines that cannot be written', () => {
  test('are dropped and counted, and the count comes before the next line that can be', () => {
    const { sink, lines, fail } = switched()
    sink.write('a\n')
    fail('ENOSPC')
    for (const line of ['b\n', 'c\n', 'd\n']) sink.write(line)
    expect(lines).toEqual(['a\n'])
    fail(undefined)
    sink.write('e\n')
    sink.write('f\n')
    expect(lines[2]).toBe('e\n')
    expect(lines.slice(3)).toEqual(['f\n'])
    expect(parsed(lines[1])).toMatchObject({ level: 'warn', event: 'log.lines-dropped', lines: 3, why: 'ENOSPC' })
  })

  test('are counted too when a stream loses them later', () => {
    const { sink, lines, lose } = switched()
    lose('EPIPE')
    lose('EPIPE')
    sink.write('a\n')
    expect(parsed(lines[0])).toMatchObject({ lines: 2, why: 'EPIPE' })
    expect(lines[1]).toBe('a\n')
  })

  test('do not reach who logs', () => {
    const { sink, fail } = switched()
    fail('EIO')
    const log = createLogger({ level: 'debug', stream: sink })
    expect(() => log.error('some.event', { a: 1 })).not.toThrow()
  })
})

describe('a file', () => {
  function full(room: number): { target: LineTarget; text: () => string; free: (bytes: number) => void } {
    let text = ''
    let left = room
    const write = (_fd: number, bytes: Uint8Array, from: number): number => {
      if (left === 0) throw Object.assign(new TypeError('no space'), { code: 'ENOSPC' })
      const part = bytes.subarray(from, from + left)
      left -= part.length
      text += Buffer.from(part).toString()
      return part.length
    }
    const free = (bytes: number): void => {
      left = bytes
    }
    return { target: fileTarget(99, write), text: () => text, free }
  }

  test('that is full drops the line with the reason', () => {
    const { target, text } = full(0)
    expect(target.put('abc\n')).toBe('ENOSPC')
    expect(text()).toBe('')
  })

  test('that took half of a line does not go on in that line', () => {
    const { target, text, free } = full(2)
    expect(target.put('abc\n')).toBe('ENOSPC')
    expect(target.put('def\n')).toBe('ENOSPC')
    free(100)
    expect(target.put('ghi\n')).toBeUndefined()
    expect(target.put('jkl\n')).toBeUndefined()
    expect(text()).toBe('ab\nghi\njkl\n')
  })

  test('that takes a line in parts gets all of it', () => {
    const lengths: number[] = []
    const target = fileTarget(99, (_fd: number, bytes: Uint8Array, from: number) => {
      lengths.push(bytes.length - from)
      return 1
    })
    expect(target.put('abc')).toBeUndefined()
    expect(lengths).toEqual([3, 2, 1])
  })
})

describe('a stream', () => {
  function reader(): { stream: UnreadStream; waiting: unknown[]; set: (bytes: number) => void; fail: () => void } {
    let length = 0
    const dones: ((error?: Error | null) => void)[] = []
    const stream: UnreadStream = {
      get writableLength() {
        return length
      },
      write: (line, done) => {
        length += line.length
        dones.push(done)
        return true
      },
    }
    return {
      stream,
      waiting: dones,
      set: (bytes) => {
        length = bytes
      },
      fail: () => {
        for (const done of dones.splice(0)) done(Object.assign(new TypeError('broken'), { code: 'EPIPE' }))
      },
    }
  }

  test('whose reader has stopped keeps a bounded number of bytes, and drops the line that is one over', () => {
    const { stream, waiting, set } = reader()
    const target = streamTarget(stream, () => undefined)
    set(MAX_UNREAD_LOG_BYTES)
    expect(target.put('a')).toBeUndefined()
    expect(target.put('b')).toMatch(/behind/)
    expect(waiting).toHaveLength(1)
  })

  test('is written to again when half of that was read, not at once', () => {
    const { stream, set } = reader()
    const target = streamTarget(stream, () => undefined)
    set(MAX_UNREAD_LOG_BYTES + 1)
    expect(target.put('a')).toBeDefined()
    set(MAX_UNREAD_LOG_BYTES)
    expect(target.put('b')).toBeDefined()
    set(MAX_UNREAD_LOG_BYTES / 2)
    expect(target.put('c')).toBeUndefined()
  })

  test('tells what it lost later', () => {
    const { stream, fail } = reader()
    const lost: string[] = []
    const target = streamTarget(stream, (why) => lost.push(why))
    target.put('a')
    target.put('b')
    fail()
    expect(lost).toEqual(['EPIPE', 'EPIPE'])
  })
})
