/**
 * Which blocks of one chain are being fetched, and by which pull (spec §8, step 3): several pulls may go on at once, each
 * with a peer of its own, and no block is asked for twice at the same time. Pure: who is told of a change, and when, is
 * the driver's business.
 *
 *     pull A   [1 2 3] [– – –] [7 8 9]        each pull walks down its own peer's list, and asks
 *     pull B   [– – –] [4 5 6] [– – –]        for what nobody else is asking for
 */
import type { BlockId } from '../dag/ids.ts'

/** The claims of one pull, as it sees those of the others. */
export interface PullClaims {
  /** Takes a block, if no other pull has it: true also if it is ours already. */
  take(id: BlockId): boolean
  /** Whether another pull has it. */
  isElsewhere(id: BlockId): boolean
  /** Gives blocks up: they are here now, or somebody else may try. Those of other pulls stay theirs. */
  drop(ids: readonly BlockId[]): void
}

/** A pull's place among the others. */
export interface ClaimHolder extends PullClaims {
  /** The other pull that has this block. */
  holderOf(id: BlockId): ClaimHolder | undefined
  /** Gives everything up, and leaves. */
  close(): void
}

export class Claims {
  readonly #holders = new Map<BlockId, ClaimHolder>()
  readonly #listeners = new Map<ClaimHolder, () => void>()

  /** @param onChange - told after others gave something up; it must not call back into a pull that is at work */
  join(onChange: () => void): ClaimHolder {
    const give = (ids: readonly BlockId[]): void => {
      let isChanged = false
      for (const id of ids) {
        if (this.#holders.get(id) !== holder) continue
        this.#holders.delete(id)
        isChanged = true
      }
      if (!isChanged) return
      for (const [other, listener] of this.#listeners) if (other !== holder) listener()
    }
    const holderOf = (id: BlockId): ClaimHolder | undefined => {
      const other = this.#holders.get(id)
      return other === holder ? undefined : other
    }
    const holder: ClaimHolder = {
      take: (id) => {
        if (holderOf(id) !== undefined || !this.#listeners.has(holder)) return false
        this.#holders.set(id, holder)
        return true
      },
      isElsewhere: (id) => holderOf(id) !== undefined,
      drop: give,
      holderOf,
      close: () => {
        this.#listeners.delete(holder)
        give([...this.#holders.keys()])
      },
    }
    this.#listeners.set(holder, onChange)
    return holder
  }
}

/** For who fetches where no pull goes on. */
export const ALONE: PullClaims = { take: () => true, isElsewhere: () => false, drop: () => undefined }

/**
 * One of those that wait for each other, if any do: claims that somebody gave up may have gone to one who needs them later
 * than what another holds. To be cut, so that the others go on.
 * @param waitsFor whom one waits for, who holds what everything else of it stands behind
 */
export function lastOfCircle<T>(all: Iterable<T>, waitsFor: (one: T) => T | undefined): T | undefined {
  const seen = new Set<T>()
  for (const from of all) {
    const path = new Set<T>()
    let at: T | undefined = from
    for (; at !== undefined && !seen.has(at); at = waitsFor(at)) {
      seen.add(at)
      path.add(at)
    }
    if (at !== undefined && path.has(at)) return at
  }
  return undefined
}
