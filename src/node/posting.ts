/** Makes a post on top of what is accepted here, and takes it in before anything else can come between (spec §5 Posting). */
import { randomBytes } from 'node:crypto'
import { makeBlock, type MadeBlock } from '../dag/block.ts'
import type { PrivateKey } from '../dag/crypto.ts'
import { Bug, fail, ok, type Result } from '../dag/faults.ts'
import type { AuthorKey, BlockId } from '../dag/ids.ts'
import { MAX_BACKS } from '../dag/limits.ts'
import { inOrder } from '../dag/order.ts'
import { isAncestor } from '../dag/walk.ts'
import type { BlockFault } from '../protocol/faults.ts'
import type { Clock } from './clock.ts'
import type { Replica } from './replica.ts'

/** A post as its author asks for it. */
export interface PostRequest {
  /** As written; sealed on the way where the chain or `toOwner` asks for it. */
  readonly payload: Uint8Array
  readonly pvt?: PrivateKey
  /** Seals the payload to the owner of an `@` chain. */
  readonly toOwner?: boolean
}

/** A post that is in, and on disk. */
export interface Posted {
  readonly id: BlockId
  readonly height: number
  /** Set aside: its time, which is no earlier than its backs', is ahead of the clock. */
  readonly ahead: boolean
  /** What its author should know, in words. */
  readonly why?: string
}

/** Blocks looked at for the author's latest, newest first: a chain as wide as this is busy. */
const LOOK_BACK = 1024

const AHEAD = "set aside: the chain's newest time is ahead of this node's clock"
/** Spec §2: the author of the first post becomes the pioneer and is told so. */
const FOUNDER =
  'this is the first post of the forum: its author is now the pioneer, here and for all who join it from here'

/** Resolves when the post is on disk: a power cut after that does not lose it. */
export async function post(replica: Replica, request: PostRequest, clock: Clock): Promise<Result<Posted, BlockFault>> {
  const hadPioneer = replica.pioneer !== undefined
  const outcome = await replica.ingestMade(() => make(replica, request, clock.nowMs()))
  if (!outcome.ok) return outcome
  const { id, state } = outcome.value
  if (state === 'refused') return fail(outcome.value.fault)
  const index = replica.graph.indexOf(id)
  if (index === undefined) throw new Bug('a post that is in is in the graph')
  const ahead = state === 'ahead'
  const isFounder = !ahead && !hadPioneer && replica.pioneer !== undefined
  const why = ahead ? AHEAD : isFounder ? FOUNDER : undefined
  return ok({ id, height: replica.graph.height(index), ahead, ...(why === undefined ? {} : { why }) })
}

async function make(
  replica: Replica,
  { payload, pvt, toOwner = false }: PostRequest,
  nowMs: number,
): Promise<Result<MadeBlock, BlockFault>> {
  const { chain, graph } = replica
  const backs = await linkedHeads(replica, pvt?.author)
  return makeBlock({
    chain,
    height: 1 + Math.max(...backs.map((back) => graph.height(back))),
    time: Math.max(nowMs, ...backs.map((back) => graph.time(back))),
    backs: backs.map((back) => graph.id(back)),
    payload,
    toOwner,
    random: randomBytes(32),
    ...(pvt === undefined ? {} : { pvt }),
  })
}

/** Spec §5: all heads; of more than a block can link, first the one over the author's latest block, then the highest in order. */
async function linkedHeads(replica: Replica, author: AuthorKey | undefined): Promise<readonly number[]> {
  const heads = replica.graph.heads()
  if (heads.length <= MAX_BACKS) return heads
  const own = author === undefined ? undefined : await headOverOwn(replica, author)
  const others = inOrder(replica.graph, heads).filter((head) => head !== own)
  return own === undefined ? others.slice(-MAX_BACKS) : [own, ...others.slice(1 - MAX_BACKS)]
}

/** Linking it keeps an author's blocks in one line. An author who was not heard of lately is taken to have none. */
async function headOverOwn(replica: Replica, author: AuthorKey): Promise<number | undefined> {
  const { graph } = replica
  const lowest = Math.max(1, graph.size - LOOK_BACK)
  for (let index = graph.size - 1; index >= lowest; index--) {
    if (!graph.isAccepted(index) || (await replica.block(index)).header.author !== author) continue
    return graph.heads().find((head) => head === index || isAncestor(graph, index, head))
  }
  return undefined
}
