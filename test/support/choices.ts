/** Random choices of a simulated run, as a property draws and shrinks them. */
import fc from 'fast-check'
import type { Pick } from './sync-sim.ts'

/** Numbers that stand for every choice in one run: which blocks, which backs, which message next. */
export const choices = fc.array(fc.nat({ max: 9_999 }), { minLength: 40, maxLength: 200 })

/** The next choice among `n`, for ever. */
export function picker(numbers: readonly number[]): Pick {
  let at = 0
  return (n) => {
    at += 1
    // The turn is mixed in, so that a run that is longer than its numbers does not repeat itself.
    return ((numbers[at % numbers.length] ?? 0) + Math.floor(at / numbers.length)) % Math.max(n, 1)
  }
}
