/**
 * Where a listener is in a chain (spec §10): the heads of what it takes for accepted. That set is closed under pasts, for
 * events come pasts first and withdrawals tops first; so its heads say all of it, and a daemon that is given them as `from`
 * tells what is new since, each thing once. `held` and `hidden` change nothing in it: they are told live or not at all, and so
 * is `removed`, after which there is no chain to be anywhere in.
 */
import type { ControlEvent } from '../shapes.ts'

export class Cursor {
  readonly #heads: Set<string>

  /** @param ids - as from another cursor, or `from` of a subscription's answer */
  constructor(ids: Iterable<string>) {
    this.#heads = new Set(ids)
  }

  /** To be kept, and passed as `from`. */
  get ids(): string[] {
    return [...this.#heads]
  }

  /** Goes on by one event. What lies under another head may stay as a head of its own: that says nothing more. */
  advance({ id, kind, backs }: Pick<ControlEvent, 'id' | 'kind' | 'backs'>): void {
    if (kind === 'post' || kind === 'like') {
      for (const back of backs) this.#heads.delete(back)
      this.#heads.add(id)
    } else if (kind === 'withdrawn' && this.#heads.delete(id)) {
      for (const back of backs) this.#heads.add(back)
    }
  }
}

/** One cursor for each chain, by its name. */
export class Cursors {
  readonly #chains = new Map<string, Cursor>()

  constructor(from: Readonly<Record<string, readonly string[]>>) {
    for (const [chain, ids] of Object.entries(from)) this.#chains.set(chain, new Cursor(ids))
  }

  /** To be kept, and passed as `from`. */
  get ids(): Record<string, string[]> {
    return Object.fromEntries([...this.#chains].map(([chain, cursor]) => [chain, cursor.ids]))
  }

  advance(event: ControlEvent): void {
    if (event.kind === 'removed') {
      this.#chains.delete(event.chain)
      return
    }
    const cursor = this.#chains.get(event.chain) ?? new Cursor([])
    this.#chains.set(event.chain, cursor)
    cursor.advance(event)
  }
}
