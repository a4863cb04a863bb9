import { describe, expect, test } from 'vitest'
import { createLogger, forwardingLogger, silentLogger, type LogLevel } from '../../../../src/node/base/log.ts'

function capture(level: LogLevel) {
  const lines: string[] = []
  return {
    lines,
    log: createLogger({
      level,
      stream: {
        write: (line) => {
          lines.push(line)
        },
      },
    }),
  }
}

function written(facts: object): Record<string, unknown> {
  const { lines, log } = capture('info')
  log.info('some.event', facts)
  return JSON.parse(lines[0]!) as Record<string, unknown>
}

describe('log', () => {
  test('a line is one JSON object with level, time, event name and facts', () => {
    const { time, ...rest } = written({ chain: '#chat', height: 3, from: { peer: 'P' } })
    expect(rest).toEqual({ level: 'info', event: 'some.event', chain: '#chat', height: 3, from: { peer: 'P' } })
    expect(new Date(String(time)).toISOString()).toBe(time)
  })

  test('what looks like a private key is not written, under whatever name', () => {
    const pvt = 'ab'.repeat(64)
    const { why, error } = written({ why: `no chain “${pvt}”`, error: new Error(pvt) })
    expect(why).toBe('no chain “[128 hex digits]”')
    expect(JSON.stringify(error)).not.toContain(pvt)
  })

  test('an event alone is enough', () => {
    const { lines, log } = capture('info')
    log.warn('some.event')
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(/^\{.*"event":"some\.event"\}\n$/)
  })

  test.each([
    ['debug', ['debug', 'info', 'warn', 'error']],
    ['info', ['info', 'warn', 'error']],
    ['warn', ['warn', 'error']],
    ['error', ['error']],
  ] as const)('level %s lets through %j', (level, expected) => {
    const { lines, log } = capture(level)
    for (const name of ['debug', 'info', 'warn', 'error'] as const) log[name]('x')
    expect(lines.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(expected)
  })

  test('nothing named like a secret is written, at any depth, in lists and in errors', () => {
    const secret = 'HUSH'
    const names = [
      'key',
      'groupKey',
      'keyFile',
      'pvt',
      'token',
      'passphrase',
      'sign',
      'payload',
      'shared_secret',
      'KEY',
    ]
    for (const name of names) {
      const text = JSON.stringify(written({ [name]: secret, inner: { [name]: [secret] }, list: [{ [name]: secret }] }))
      expect(text, name).not.toContain(secret)
    }
  })

  test('bytes are written as their count alone, also inside errors', () => {
    const cause = Object.assign(new TypeError('inner'), { bytes: Uint8Array.of(222, 173) })
    const facts = written({ frame: Uint8Array.of(222, 173), error: new TypeError('outer', { cause }) })
    expect(facts['frame']).toBe('[2 bytes]')
    expect(facts['error']).toMatchObject({ name: 'TypeError', message: 'outer', cause: { message: 'inner' } })
    expect(JSON.stringify(facts)).not.toContain('222')
  })

  test('a fact cannot pass for the level, the time or the event', () => {
    const facts = written({ level: 'error', time: 'never', event: 'forged' })
    expect(facts).toMatchObject({ level: 'info', event: 'some.event' })
    expect(facts['time']).not.toBe('never')
  })

  test('facts that go in circles, are huge, or throw when read do not bring the caller down', () => {
    const circle: Record<string, unknown> = { big: 2n ** 64n, long: 'x'.repeat(100_000) }
    circle['self'] = circle
    const hostile = {
      get boom() {
        throw new TypeError('no')
      },
    }
    expect(JSON.stringify(written(circle)).length).toBeLessThan(10_000)
    expect(() => written({ hostile })).not.toThrow()
    expect(() =>
      written({
        odd: new (class {
          toString() {
            throw new TypeError('no')
          }
        })(),
      }),
    ).not.toThrow()
  })

  test('things with a text of their own, like peer ids, are written as that text', () => {
    expect(
      written({
        peer: new (class {
          toString() {
            return '12D3'
          }
        })(),
      })['peer'],
    ).toBe('12D3')
  })

  test('the silent logger takes everything and throws nothing', () => {
    expect(() => {
      silentLogger.error('x', { a: 1 })
    }).not.toThrow()
  })
})

describe("a logger of another program's", () => {
  function told(level: LogLevel, facts?: object): unknown[] {
    const calls: unknown[] = []
    const at =
      (name: string) =>
      (event: string, given?: object): void =>
        void calls.push([name, event, given])
    const log = forwardingLogger(level, { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') })
    for (const name of ['debug', 'info', 'warn', 'error'] as const) log[name]('some.event', facts)
    return calls
  }

  test('is told what is at the level or above, with facts made safe', () => {
    expect(told('warn', { token: 'secret', bytes: new Uint8Array(3) })).toEqual([
      ['warn', 'some.event', { token: '[redacted]', bytes: '[3 bytes]' }],
      ['error', 'some.event', { token: '[redacted]', bytes: '[3 bytes]' }],
    ])
    expect(told('debug')).toHaveLength(4)
  })

  test('may throw: the node does not notice', () => {
    const throwing = (): never => expect.unreachable('thrown')
    const log = forwardingLogger('debug', { debug: throwing, info: throwing, warn: throwing, error: throwing })
    expect(() => log.error('some.event')).not.toThrow()
  })
})
