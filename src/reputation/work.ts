/**
 * How much judging a block took, in steps of about a microsecond: whoever lets blocks in can tell one that costs much more than
 * others. Counts; decides nothing.
 */

/** Of a block that comes into a ledger, or leaves it: some 30 µs (2026-11). */
export const MOVE_STEPS = 32

/** Of a vote in a ledger whose balance is looked at: some 15 µs, and more where caches are cold (2026-11). */
export const LOOK_STEPS = 16

/** Of a block whose author's sequence is evaluated again; some 1 µs. */
export const EVALUATED_STEPS = 1

export class Work {
  #steps = 0

  note(steps: number): void {
    this.#steps += steps
  }

  /** Steps since this was last asked. */
  take(): number {
    const steps = this.#steps
    this.#steps = 0
    return steps
  }
}
