/** `pause` on the timers that a test has faked: those of `node:timers/promises` are not faked with them. */
import { onAbort } from '../../src/node/base/deadline.ts'

export function fakePause(ms: number, signal: AbortSignal): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => resolve(!signal.aborted), ms)
  onAbort(signal, () => {
    clearTimeout(timer)
    resolve(false)
  })
  return promise
}
