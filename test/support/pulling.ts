/** An owner's chain, peers that have some of it, and one who pulls it from several of them at once, without sockets. */
import type { MadeBlock } from '../../src/dag/block.ts'
import { PullCoordinator, type PullTask } from '../../src/node/net/sync/pull-coordinator.ts'
import { UNLIMITED } from '../../src/node/chain/intake/signatures.ts'
import type { PullResult } from '../../src/protocol/pull-types.ts'
import { author, chain, post } from './blocks.ts'
import { openReplica, takeIn, type TestReplica } from './replicas.ts'
import type { Wired } from './wired.ts'

export const OWNED = chain(`@!${author(0).author}`)

/** Without haste and without a budget; nobody has a place to lose. */
export const UNHURRIED = {
  mayRecheck: UNLIMITED,
  isStranger: () => false,
  shouldYield: () => false,
  onProgress: () => undefined,
  onGave: () => undefined,
}

/** Posts each on the one before; with padding a reply holds some hundred of them. */
export function postsInLine(length: number, name = '', padding = 0): MadeBlock[] {
  const blocks: MadeBlock[] = []
  for (let n = 0; n < length; n++) {
    const back = blocks.at(-1)
    const payload = name + String(n) + 'x'.repeat(padding)
    blocks.push(post(OWNED, { backs: back === undefined ? [] : [back.block], payload, author: 0 }))
  }
  return blocks
}

export async function holding(blocks: readonly MadeBlock[]): Promise<TestReplica> {
  const on = await openReplica(OWNED)
  await takeIn(on, blocks)
  return on
}

export interface Joiner {
  readonly on: TestReplica
  readonly pulls: PullCoordinator
  readonly pull: (wired: Pick<Wired, 'stream' | 'handshake'>, more?: Partial<PullTask>) => Promise<PullResult>
}

/** Has nothing yet, and pulls without haste and without a budget. */
export async function joiner(): Promise<Joiner> {
  const on = await openReplica(OWNED)
  const pulls = new PullCoordinator(on.replica, on.clock)
  const { signal } = new AbortController()
  return {
    on,
    pulls,
    pull: ({ stream, handshake }, more) => pulls.run({ stream, handshake, signal, ...UNHURRIED, ...more }),
  }
}
