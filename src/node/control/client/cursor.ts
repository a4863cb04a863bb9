/**
 * A listener's cursor in a chain (spec §10): the heads of what it takes for accepted. That set contains the past of
 * each of its blocks, because acceptances are sent pasts first and withdrawals tops first. So its heads determine the
 * set, and a daemon that gets them as `from` sends everything new exactly once. `held` and `hidden` do not change the
 * set: they are sent live or not at all. After `removed` there is no chain any more.
 */
import type { ControlEvent } from '../shapes.ts'

export class Cursor {
  readonly #heads: Set<string>

  /** @param ids - from another cursor, or `from` of a subscription's answer */
  constructor(ids: Iterable<string>) {
    this.#heads = new Set(ids)
  }

  /** Pass these as `from` to resume. */
  get ids(): string[] {
    return [...this.#heads]
  }

  /** Advances by one event. A head may stay although another head covers it: it is redundant, not wrong. */
  advance({ id, kind, backs }: Pick<ControlEvent, 'id' | 'kind' | 'backs'>): void {
    if (kind === 'post' || kind === 'like') {
      for (const back of backs) this.#heads.delete(back)
      this.#heads.add(id)
    } else if (kind === 'withdrawn' && this.#heads.delete(id)) {
      for (const back of backs) this.#heads.add(back)
    }
  }
}

/** As params of a call, which are plain arrays. */
export function cursorParams(from: Readonly<Record<string, readonly string[]>>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(from).map(([chain, ids]) => [chain, [...ids]]))
}

/** A cursor for each chain, by the chain's name. */
export class Cursors {
  readonly #chains = new Map<string, Cursor>()

  constructor(from: Readonly<Record<string, readonly string[]>>) {
    for (const [chain, ids] of Object.entries(from)) this.#chains.set(chain, new Cursor(ids))
  }

  /** Pass these as `from` to resume. */
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
