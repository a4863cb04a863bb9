/** Token buckets: no more than the rate over any time, and nothing lost or won by steps of the clock. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Bucket, Buckets, type Rate } from '../../../src/protocol/token-bucket.ts'
import { checkProperty } from '../../support/property.ts'

const RATE: Rate = { burst: 10, perSecond: 4 }

/** How many of so many tries at this time are granted. */
function granted(bucket: Bucket, tries: number, nowMs: number): number {
  return Array.from({ length: tries }, () => bucket.take(nowMs)).filter(Boolean).length
}

describe('a bucket', () => {
  test('gives a burst, then as many as time brings, and is never fuller than at first', () => {
    const bucket = new Bucket(RATE, 0)
    expect(granted(bucket, 11, 0)).toBe(10)
    expect([granted(bucket, 1, 249), granted(bucket, 2, 250), granted(bucket, 5, 1250)]).toEqual([0, 1, 4])
    expect(granted(bucket, 100, 1_000_000)).toBe(10)
  })

  test('is not emptied by asking what is in it', () => {
    const bucket = new Bucket(RATE, 0)
    for (let n = 0; n < 100; n += 1) expect(bucket.has(0)).toBe(true)
    expect(granted(bucket, 11, 0)).toBe(10)
    expect(bucket.has(0)).toBe(false)
  })

  test('over any times gives at most the burst and what the time that passed brings', () => {
    checkProperty(
      'token-bucket-rate',
      fc.property(fc.array(fc.nat({ max: 400 }), { maxLength: 200 }), (steps) => {
        const bucket = new Bucket(RATE, 0)
        let nowMs = 0
        let taken = 0
        for (const ms of steps) {
          nowMs += ms
          taken += granted(bucket, 3, nowMs)
          expect(taken).toBeLessThanOrEqual(RATE.burst + (nowMs * RATE.perSecond) / 1000)
        }
      }),
    )
  })

  test('gains nothing from a clock that steps back and forth', () => {
    const bucket = new Bucket(RATE, 10_000)
    expect(granted(bucket, 10, 10_000)).toBe(10)
    expect([granted(bucket, 1, 0), granted(bucket, 3, 500)]).toEqual([0, 2])
  })
})

test('of many, each has its own; who was silent for longest is forgotten, and begins anew', () => {
  const buckets = new Buckets({ burst: 1, perSecond: 0 }, 2)
  const take = (...keys: string[]) => keys.map((key) => buckets.of(key, 0).take(0))
  expect(take('a', 'b', 'a', 'b')).toEqual([true, true, false, false])
  expect(take('a', 'c', 'a')).toEqual([false, true, false])
  expect(take('b')).toEqual([true])
  buckets.forget('b')
  expect(take('b')).toEqual([true])
})
