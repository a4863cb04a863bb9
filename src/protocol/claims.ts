/**
 * Claims: which pull is fetching which block of one chain (spec §8, step 3). Several pulls run at once, each from its
 * own peer, and no block is requested twice at the same time. Pure: the driver decides when listeners are told.
 *
 *     pull A   [1 2 3] [– – –] [7 8 9]        each pull walks down its own peer's list, and asks
 *     pull B   [– – –] [4 5 6] [– – –]        for the blocks that no other pull has claimed
 */
import type { BlockId } from '../dag/ids.ts'

/** The claims of one pull, and its view of those of the others. */
export interface PullClaims {
  /** Claims a block unless another pull has it. Also true if this pull has claimed it already. */
  take(id: BlockId): boolean
  /** Whether another pull has claimed it. */
  isElsewhere(id: BlockId): boolean
  /** Releases blocks: they are here now, or another pull may try. Claims of other pulls are untouched. */
  drop(ids: readonly BlockId[]): void
}

/** One pull among the others of its chain. */
export interface ClaimHolder extends PullClaims {
  /** The other pull that has claimed this block. */
  holderOf(id: BlockId): ClaimHolder | undefined
  /** Releases all claims and leaves. */
  close(): void
}

export class Claims {
  readonly #holders = new Map<BlockId, ClaimHolder>()
  readonly #listeners = new Map<ClaimHolder, () => void>()

  /** @param onChange - called after another pull released claims; it must not call back into a pull that is mid-step */
  join(onChange: () => void): ClaimHolder {
    const release = (ids: readonly BlockId[]): void => {
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
      drop: release,
      holderOf,
      close: () => {
        this.#listeners.delete(holder)
        release([...this.#holders.keys()])
      },
    }
    this.#listeners.set(holder, onChange)
    return holder
  }
}

/** For a fetch outside of any pull. */
export const NO_OTHER_PULLS: PullClaims = { take: () => true, isElsewhere: () => false, drop: () => undefined }

/**
 * Deadlock detection: one pull on a cycle of pulls that wait for each other, if there is a cycle. One arises when
 * released claims go to a pull that needs them later than what another pull holds. The caller cuts that pull, so that
 * the others go on.
 * @param waitsFor the pull that has claimed the block this one is blocked on
 */
export function findDeadlocked<T>(all: Iterable<T>, waitsFor: (one: T) => T | undefined): T | undefined {
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
