/**
 * How many ids a peer has listed that were here already. An honest one names each block once, so it cannot name more known ones
 * than have been here since the pull began: what was here may go meanwhile (surplus, delayed blocks), and that is not its fault.
 */
export class ListedKnown {
  #listed = 0
  /** Blocks that have been here, as far as they were counted. */
  #ever = 0
  #here = 0

  /**
   * Counts the known ids of a list. False if they are too many.
   * @param here - how many blocks are known now
   */
  add(count: number, here: number): boolean {
    this.#ever += Math.max(0, here - this.#here)
    this.#here = here
    this.#listed += count
    return this.#listed <= this.#ever
  }
}
