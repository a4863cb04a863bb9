/**
 * How many bytes the chains of a node may take (spec §12): each of them, and all together. It counts what is stored of
 * blocks and payloads, not what LevelDB needs besides, nor what is on its way.
 */

export interface QuotaLimits {
  /** Of one chain; 0: no limit. */
  readonly chainBytes: number
  /** Of all chains; 0: no limit. */
  readonly totalBytes: number
}

export interface OverQuota {
  readonly of: 'chain' | 'node'
  /** Stored, of the chain or of the node. */
  readonly bytes: number
  readonly limitBytes: number
}

const NO_LIMITS: QuotaLimits = { chainBytes: 0, totalBytes: 0 }

/** Invariant: `#totalBytes` is the sum over the open chains. */
export class Quota {
  #limits: QuotaLimits
  #totalBytes = 0

  constructor(limits: QuotaLimits = NO_LIMITS) {
    this.#limits = limits
  }

  /** Other limits hold from now on. */
  set(limits: QuotaLimits): void {
    this.#limits = limits
  }

  /** The bytes of a chain have changed by so many. */
  add(bytes: number): void {
    this.#totalBytes += bytes
  }

  /** The limit that so many more bytes would exceed; `undefined` if they fit. */
  exceededBy(more: number, chainBytes: number): OverQuota | undefined {
    const { chainBytes: ofChain, totalBytes: ofAll } = this.#limits
    if (ofChain > 0 && chainBytes + more > ofChain) return { of: 'chain', bytes: chainBytes, limitBytes: ofChain }
    if (ofAll > 0 && this.#totalBytes + more > ofAll) return { of: 'node', bytes: this.#totalBytes, limitBytes: ofAll }
    return undefined
  }
}
