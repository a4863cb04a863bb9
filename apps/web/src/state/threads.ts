/** Threads by `re` (docs/apps.md): the posts from which one gets to the same post by going up. Pure. */
import type { ListedBlock } from '../../../../src/node/control/shapes.ts'

export interface Thread {
  readonly root: ListedBlock
  /** By time, the root excluded. */
  readonly answers: readonly ListedBlock[]
  readonly lastTime: number
}

export function isPost({ like, height }: ListedBlock): boolean {
  return like === undefined && height > 0
}

/** The newest activity first. A post whose question is not known begins a thread. */
export function threadsOf(blocks: ReadonlyMap<string, ListedBlock>): readonly Thread[] {
  const answers = new Map<string, ListedBlock[]>()
  for (const block of blocks.values()) {
    if (!isPost(block)) continue
    const root = rootOf(block, blocks)
    const list = answers.get(root) ?? []
    if (root !== block.id) list.push(block)
    answers.set(root, list)
  }
  const threads = [...answers].flatMap(([id, list]): Thread[] => {
    const root = blocks.get(id)
    if (root === undefined) return []
    list.sort((a, b) => a.time - b.time || a.height - b.height)
    return [{ root, answers: list, lastTime: Math.max(root.time, ...list.map(({ time }) => time)) }]
  })
  return threads.sort((a, b) => b.lastTime - a.lastTime)
}

/** The id of the post that the thread began with. An answer is in the future of its question: there are no circles. */
export function rootOf(block: ListedBlock, blocks: ReadonlyMap<string, ListedBlock>): string {
  let at = block
  for (;;) {
    const above = at.re === undefined ? undefined : blocks.get(at.re)
    if (above === undefined || !isPost(above)) return at.id
    at = above
  }
}
