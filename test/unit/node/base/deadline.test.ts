import { describe, expect, test, vi } from 'vitest'
import { DeadlineError, Gate, onAbort, orAborted, pause, withDeadline } from '../../../../src/node/base/deadline.ts'

const forEver = new AbortController().signal
const never = new Promise<number>(() => {})

describe('a gate', () => {
  test('lets in so many, and the others in order as places get free', async () => {
    const gate = new Gate(2)
    const entered: number[] = []
    const visits = [0, 1, 2, 3].map((index) => gate.enter(forEver).then(() => entered.push(index)))
    await Promise.all(visits.slice(0, 2))
    expect(entered).toEqual([0, 1])
    gate.leave()
    await visits[2]
    expect(entered).toEqual([0, 1, 2])
    expect(gate.inside).toBe(2)
  })

  test('a visitor that gives up takes no place', async () => {
    const gate = new Gate(1)
    await gate.enter(forEver)
    const impatient = new AbortController()
    const visit = gate.enter(impatient.signal)
    impatient.abort()
    expect(await visit).toBe(false)
    gate.leave()
    expect(gate.inside).toBe(0)
  })

  test('a place handed over to a visitor that gave up in the same moment goes on to the next', async () => {
    const gate = new Gate(1)
    await gate.enter(forEver)
    const impatient = new AbortController()
    const [first, second] = [gate.enter(impatient.signal), gate.enter(forEver)]
    impatient.abort()
    gate.leave()
    expect(await first).toBe(false)
    expect(await second).toBe(true)
    gate.leave()
    expect(gate.inside).toBe(0)
  })
})

test('a deadline aborts the job, and so does the signal around it', async () => {
  const cut = async (signal: AbortSignal): Promise<unknown> => {
    await orAborted(never, signal)
    return signal.reason
  }
  expect(await withDeadline({ ms: 1, signal: forEver }, cut)).toBeInstanceOf(DeadlineError)
  const outer = new AbortController()
  const job = withDeadline({ ms: 60_000, signal: outer.signal }, cut)
  outer.abort('enough')
  expect(await job).toBe('enough')
})

test('what is waited for ends with its signal', async () => {
  expect(await orAborted(never, AbortSignal.abort())).toBeUndefined()
  expect(await orAborted(Promise.resolve(1), forEver)).toBe(1)
  expect(await pause(60_000, AbortSignal.abort())).toBe(false)
  expect(await pause(1, forEver)).toBe(true)
})

test('a listener that was taken off is let go of, although the signal may still lead to where it was', () => {
  const { signal } = new AbortController()
  const put = vi.spyOn(signal, 'addEventListener')
  const listener = vi.fn()
  onAbort(signal, listener)()
  const [, kept] = put.mock.calls[0] ?? []
  ;(kept as () => void)()
  expect(listener).not.toHaveBeenCalled()
})
