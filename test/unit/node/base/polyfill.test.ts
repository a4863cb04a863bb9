/**
 * `Promise.withResolvers` on a Node without it. The test removes it first, so that it means the same on every version.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

const given = Object.getOwnPropertyDescriptor(Promise, 'withResolvers')!

describe('the polyfill', () => {
  beforeEach(async () => {
    Reflect.deleteProperty(Promise, 'withResolvers')
    vi.resetModules()
    await import('../../../../src/node/base/polyfill.ts')
  })

  afterEach(() => {
    Object.defineProperty(Promise, 'withResolvers', given)
  })

  test('its promise is settled by its functions, and by the first call only', async () => {
    const kept = Promise.withResolvers<number>()
    kept.resolve(7)
    kept.resolve(8)
    await expect(kept.promise).resolves.toBe(7)

    const broken = Promise.withResolvers<number>()
    broken.reject('why')
    await expect(broken.promise).rejects.toBe('why')
  })

  test('a subclass of Promise gets promises of its own kind', () => {
    class Mine<T> extends Promise<T> {}
    expect(Mine.withResolvers().promise).toBeInstanceOf(Mine)
  })

  test('it is not enumerable, and leaves what is there alone', async () => {
    expect(Object.keys(Promise)).not.toContain('withResolvers')
    const native = () => ({})
    Object.defineProperty(Promise, 'withResolvers', { value: native, configurable: true })
    vi.resetModules()
    await import('../../../../src/node/base/polyfill.ts')
    expect(Object.getOwnPropertyDescriptor(Promise, 'withResolvers')?.value).toBe(native)
  })
})
