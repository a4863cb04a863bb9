/**
 * A forum as one node has it, without its disk, its signatures and its network: the real engine judges each block, and chooses
 * what the next one links, as `chain/posting.ts` does. It holds no rule of its own. Posts that are not accepted are taken out of
 * the engine again, and come back with the like that welcomes them, as they would at another node.
 */
import { createHash } from 'node:crypto'
import { AvoidedHeads } from '../../src/node/chain/intake/avoided-heads.ts'
import type { Chain } from '../../src/dag/chain.ts'
import { blockId, type AuthorKey, type BlockId } from '../../src/dag/ids.ts'
import { Bug } from '../../src/dag/result.ts'
import { ChainState, type Effects } from '../../src/reputation/chain-state.ts'
import { keyOf } from '../support/economy.ts'

/** What a reader would say of a post: honest, unwanted, or written by an attacker so as to please. */
export type Content = 'honest' | 'harmless' | 'spam'

/** A block on its way between forums. */
interface PlayedBlock {
  readonly id: BlockId
  readonly author: number
  readonly time: number
  readonly height: number
  readonly backs: readonly BlockId[]
  readonly like?: { readonly n: 1 | -1; readonly target: BlockId }
}

export interface Message {
  readonly block: PlayedBlock
  readonly by: number
  readonly content: Content
}

/** Blocks made so far in this process, by all forums: each id is of one number. */
export class BlockNumbers {
  #next = 0

  take(): BlockId {
    this.#next += 1
    return blockId(
      createHash('sha256')
        .update(`block ${String(this.#next)}`)
        .digest(),
    )
  }
}

export class PlayedForum {
  readonly state: ChainState
  /** Accepted posts as they came in; those that were withdrawn are among them. */
  readonly posts: Message[] = []
  /** Posts that wait for a like, by author: the last one of each. */
  readonly held = new Map<number, Message>()
  /** Times that a post was hidden which had not been before, by its content. */
  readonly hidden: Record<Content, number> = { honest: 0, harmless: 0, spam: 0 }
  /** Times that a block was withdrawn: posts and votes. */
  withdrawn = 0
  readonly #avoided: AvoidedHeads
  readonly #numbers: BlockNumbers
  readonly #blocks = new Map<BlockId, PlayedBlock>()
  readonly #messages: Map<BlockId, Message>
  readonly #latest = new Map<number, Message>()

  constructor(chain: Chain, numbers: BlockNumbers, messages = new Map<BlockId, Message>()) {
    this.state = new ChainState(chain, 7)
    this.#avoided = new AvoidedHeads(this.state)
    this.#numbers = numbers
    this.#messages = messages
  }

  repsOf(author: number, nowMs: number): number {
    return this.state.repsOf(keyOf(author), nowMs)
  }

  isAccepted({ block }: Message): boolean {
    const index = this.state.graph.indexOf(block.id)
    return index !== undefined && this.state.graph.isAccepted(index)
  }

  /** Accepted, and not hidden (3.b). */
  isShown(message: Message): boolean {
    return this.isAccepted(message) && !this.state.isHidden(this.#indexOf(message.block.id))
  }

  /** The author's post that was accepted last. */
  latestOf(author: number): Message | undefined {
    return this.#latest.get(author)
  }

  /** Makes a post: accepted, or held until somebody welcomes it. */
  post(by: number, content: Content, nowMs: number): { readonly message: Message; readonly isAccepted: boolean } {
    const block = this.#make(by, nowMs)
    const message = { block, by, content }
    this.#messages.set(block.id, message)
    const isAccepted = this.#enter(block, nowMs)
    if (!isAccepted) this.held.set(by, message)
    return { message, isAccepted }
  }

  /** Makes a vote, and says whether it was accepted: one that is not, or would not count, is refused and leaves nothing behind. */
  vote(by: number, n: 1 | -1, { block }: Message, nowMs: number): boolean {
    const { graph } = this.state
    const isFetched = !graph.has(block.id)
    // The post that is welcomed was fetched by `peer held`.
    if (isFetched) this.#append(block)
    const vote = this.#make(by, nowMs, { n, target: block.id })
    const index = this.#append(vote)
    if (this.state.wouldBeVoid(index)) this.state.pop()
    else {
      if (isFetched) this.state.enter(this.#indexOf(block.id))
      this.#note(this.state.enter(index), by, nowMs)
      if (graph.isAccepted(index)) return true
      this.state.pop()
    }
    this.#blocks.delete(vote.id)
    if (isFetched) {
      this.state.pop()
      this.#blocks.delete(block.id)
    }
    return false
  }

  /** Another forum with all that is accepted here, as a node that joins gets it. */
  copy(nowMs: number): PlayedForum {
    const other = new PlayedForum(this.state.chain, this.#numbers, this.#messages)
    other.take(this, nowMs)
    return other
  }

  /** The accepted blocks, pasts first. */
  *accepted(): Generator<BlockId> {
    const { graph } = this.state
    for (let rank = 1; rank < graph.ranked; rank += 1) {
      const index = graph.atRank(rank)
      if (index !== undefined) yield graph.id(index)
    }
  }

  /** Takes in what the other one accepts, in the sequence of its acceptances. */
  take(other: PlayedForum, nowMs: number): void {
    for (const id of other.accepted()) if (!this.state.graph.has(id)) this.#takeBlock(other, id, nowMs)
  }

  #takeBlock(from: PlayedForum, id: BlockId, nowMs: number): void {
    const block = from.#blocks.get(id)
    if (block === undefined) throw new Bug('what is in the graph is known')
    this.#note(this.state.enter(this.#append(block)), block.author, nowMs)
  }

  #make(by: number, nowMs: number, like?: { readonly n: 1 | -1; readonly target: BlockId }): PlayedBlock {
    const { state } = this
    const { graph } = state
    const author = keyOf(by)
    const vote = like === undefined ? {} : { vote: { n: like.n, target: this.#indexOf(like.target) } }
    const isAvoided = (head: number): boolean => state.authorOf(head) !== author && this.#avoided.has(head, nowMs)
    const preferred = state.backsFor({ author, ...vote, isAvoided })
    const backs = preferred[0] === 0 ? state.backsFor({ author, ...vote, isAvoided: () => false }) : preferred
    return {
      id: this.#numbers.take(),
      author: by,
      time: Math.max(nowMs, ...backs.map((back) => graph.time(back))),
      height: 1 + Math.max(...backs.map((back) => graph.height(back))),
      backs: backs.map((back) => graph.id(back)),
      ...(like === undefined ? {} : { like }),
    }
  }

  /** At the graph's end, and not in V yet. */
  #append(block: PlayedBlock): number {
    const { id, time, height, like } = block
    const backs = block.backs.map((back) => this.#indexOf(back))
    const vote = like === undefined ? undefined : { n: like.n, target: this.#indexOf(like.target) }
    const stands = this.state.stands(backs, vote)
    if (!stands.ok) throw new Bug(`a block made by the posting rule is not sound: ${stands.fault.code}`)
    const author: AuthorKey = keyOf(block.author)
    const resolved = { id, time, height, backs, author, ...(vote === undefined ? {} : { like: vote }) }
    this.#blocks.set(id, block)
    return this.state.append(resolved, this.state.kOf(resolved))
  }

  #enter(block: PlayedBlock, nowMs: number): boolean {
    const index = this.#append(block)
    this.#note(this.state.enter(index), block.author, nowMs)
    if (this.state.graph.isAccepted(index)) return true
    this.state.pop()
    this.#blocks.delete(block.id)
    return false
  }

  #note({ accepted, withdrawn, hidden }: Effects, by: number, nowMs: number): void {
    for (const index of accepted) {
      const message = this.#messageAt(index)
      if (message === undefined) continue
      this.posts.push(message)
      this.#latest.set(message.by, message)
      if (this.held.get(message.by) === message) this.held.delete(message.by)
    }
    this.withdrawn += withdrawn.length
    for (const index of withdrawn)
      if (this.state.authorOf(index) === keyOf(by)) this.#avoided.noteWithdrawn(index, nowMs)
    for (const index of hidden) {
      const message = this.#messageAt(index)
      if (message !== undefined) this.hidden[message.content] += 1
    }
  }

  #messageAt(index: number): Message | undefined {
    return this.#messages.get(this.state.graph.id(index))
  }

  #indexOf(id: BlockId): number {
    const index = this.state.graph.indexOf(id)
    if (index === undefined) throw new Bug('a block that is linked is in the graph')
    return index
  }
}
