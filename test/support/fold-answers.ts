/** Answers to questions for folds, honest or not, and a search that is fed them by hand. */
import { sha256 } from '../../src/dag/crypto.ts'
import type { FoldPart, Prefix } from '../../src/dag/fingerprint-tree.ts'
import { blockId, type BlockId } from '../../src/dag/ids.ts'
import { SetReconciliation } from '../../src/protocol/set-reconciliation.ts'
import type { Fold, Reply } from '../../src/protocol/messages.ts'
import { author, bytes, chain, must } from './blocks.ts'
import { Side } from './sync-sim.ts'

export const FORUM = chain('#folding', author(0).author)
export const MANY = 1_000

export const invented = (name: string): BlockId => blockId(sha256(bytes(name)))
export const fingerprint = (name: string): Uint8Array => sha256(bytes(`fingerprint ${name}`))
export const listOf = (...ids: BlockId[]): Fold => ({ ids, ranks: ids.map((_, n) => n) })
export const replyOf = (...folds: Fold[]): Reply & { t: 'folds' } => ({ t: 'folds', id: 0, folds })

/** Parts that nobody has, behind a prefix. */
export function parts(at: Prefix, count: number, digits = 16): Fold {
  const part = (digit: number): FoldPart => ({ digit, count, fingerprint: fingerprint(`${at} ${String(digit)}`) })
  return { at, parts: Array.from({ length: digits }, (_, digit) => part(digit)) }
}

export function search(side = new Side(FORUM), givenUp: readonly BlockId[] = []): SetReconciliation {
  return new SetReconciliation(side.options().world, (id) => givenUp.includes(id))
}

/** Goes on until the search has a window, or has nothing; gives how many prefixes were asked for. */
export function run(
  folding: SetReconciliation,
  answer: (prefix: Prefix) => Fold,
  watch: () => void = () => undefined,
): number {
  let prefixes = 0
  const asked: { tag: number; prefixes: readonly Prefix[] }[] = []
  for (let tag = 1; ; tag++) {
    const next = folding.ask(tag)
    if (next !== undefined) {
      prefixes += next.length
      asked.push({ tag, prefixes: next })
      continue
    }
    const first = asked.shift()
    if (first === undefined) return prefixes
    must(folding.take(first.tag, replyOf(...first.prefixes.map(answer))))
    watch()
  }
}

export const faultOf = (result: ReturnType<SetReconciliation['take']>): unknown =>
  result.ok ? undefined : result.fault
