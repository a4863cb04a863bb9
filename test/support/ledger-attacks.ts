/**
 * Attacks on the ledger of a forum (spec §4), as the blocks that a stranger brings: votes beyond what their authors have, reps
 * that were saved up, days that were made up. Times are given; each attack names the authors whom it needs.
 */
import type { MadeBlock } from '../../src/dag/block.ts'
import type { Chain } from '../../src/dag/chain.ts'
import { ALICE, Branch } from './attack-blocks.ts'
import { author, chain, like, post } from './blocks.ts'
import { DAY, HOUR, MINUTE } from './economy.ts'

/** A pioneer whom the attacks are against. */
export const VICTIM = 2
/** The attacker. */
export const EVE = 3
/** Keys that were made for an attack, from here on. */
export const FIRST_FRESH = 100

/** So many pioneers, authors 1 (Alice) and up, share 30 reps. */
export function forumOfPioneers(name: string, count: number): Chain {
  return chain(name, ...Array.from({ length: count }, (_, n) => author(n + 1).author))
}

/** The victim posted five days ago, and Alice after that. */
export function victimsHistory(nowMs: number): (on: Chain) => MadeBlock[] {
  return (on) => {
    const branch = new Branch(on)
    branch.post(VICTIM, nowMs - 5 * DAY)
    branch.post(ALICE, nowMs - 4 * DAY)
    return branch.blocks
  }
}

/** Blocks on each branch but the victim's post. */
export const BLOCKS_PER_BRANCH = 4

/** Time that a branch takes: a thousand of them are within a minute. */
const BRANCH_MS = 40

/**
 * Eve welcomes a fresh key on each branch, likes it once more, and it dislikes the victim's post: two likes of hers on each
 * branch, and she has two reps.
 */
export function equivocation(on: Chain, target: MadeBlock, { count, fromMs }: { count: number; fromMs: number }) {
  return Array.from({ length: count }, (_, n) => {
    const time = fromMs + BRANCH_MS * n
    const branch = new Branch(on, [target])
    const guest = branch.welcome(FIRST_FRESH + n, EVE, time)
    branch.vote(1, guest, EVE, time + 1)
    branch.vote(-1, target, FIRST_FRESH + n, time + 2)
    return branch.blocks.slice(1)
  })
}

/** Each colluder, of these with 2 reps, is liked twice by each other one on his own branch, and spends it all there. */
export function collusion(on: Chain, target: MadeBlock, colluders: readonly number[], fromMs: number) {
  return colluders.map((colluder, n) => {
    let time = fromMs + n * MINUTE
    const branch = new Branch(on, [target])
    const his = branch.post(colluder, (time += 1))
    for (const other of colluders) {
      for (let vote = 0; vote < 2 && other !== colluder; vote += 1) branch.vote(1, his, other, (time += 1))
    }
    for (let vote = 0; vote < 1 + 2 * (colluders.length - 1); vote += 1) branch.vote(-1, target, colluder, (time += 1))
    return branch.blocks.slice(1)
  })
}

/** Members of {@link spentForum}, in the order in which they came. */
export const MEMBERS = Array.from({ length: 29 }, (_, n) => 10 + n)

/**
 * Eve earns a rep each day by a post and spends it at once on welcoming a member: the books are tight for a month. Alice
 * likes the second post of each member.
 */
export function spentForum(nowMs: number): (on: Chain) => MadeBlock[] {
  const start = nowMs - (MEMBERS.length + 6) * DAY
  return (on) => {
    const branch = new Branch(on)
    branch.post(ALICE, start)
    branch.welcome(EVE, ALICE, start + HOUR)
    for (let day = 2; day < MEMBERS.length + 5; day += 1) {
      const today = start + day * DAY
      const newcomer = MEMBERS[day - 2]
      if (newcomer !== undefined) {
        branch.post(EVE, today + 4 * HOUR)
        branch.welcome(newcomer, EVE, today + 5 * HOUR)
      }
      const member = MEMBERS[day - 4]
      if (member !== undefined) branch.vote(1, branch.post(member, today + 6 * HOUR), ALICE, today + 7 * HOUR)
      branch.post(ALICE, today + 8 * HOUR)
    }
    return branch.blocks
  }
}

/** Eve's two reps of the second day went to a fresh key as well, on a branch that she kept to herself. */
export function earlyVotes(on: Chain, history: readonly MadeBlock[]): MadeBlock[] {
  const known = history.slice(0, 3)
  const branch = new Branch(on, known)
  const time = known[0]!.block.header.time + 2 * DAY + 3 * HOUR
  const guest = branch.welcome(FIRST_FRESH, EVE, time)
  branch.vote(1, guest, EVE, time + 1)
  return branch.blocks.slice(known.length)
}

/** Alice posted on each of so many days; the last of them was four days ago. */
export function dailyPosts(nowMs: number, days: number): (on: Chain) => MadeBlock[] {
  return (on) => {
    const branch = new Branch(on)
    for (let day = days; day > 0; day -= 1) branch.post(ALICE, nowMs - (day + 3) * DAY)
    return branch.blocks
  }
}

/** Likes that one who saved up gives in a day. */
const LIKES_PER_DAY = 30

/**
 * So many likes of a guest's post by Alice, thirty of them each day: the first of them one on another, all others side by side
 * on the last of those.
 */
export function savedLikes(
  on: Chain,
  top: MadeBlock,
  { count, inRow, fromMs }: { count: number; inRow: number; fromMs: number },
) {
  const guest = post(on, { author: FIRST_FRESH, backs: [top.block], time: fromMs })
  const votes: MadeBlock[] = []
  for (let n = 0; n < count; n += 1) {
    const back = inRow === 0 || n === 0 ? guest : votes[Math.min(n, inRow) - 1]!
    const time = fromMs + 1 + n + Math.floor(n / LIKES_PER_DAY) * (DAY + HOUR)
    votes.push(like(on, 1, guest.block, { author: ALICE, backs: [back.block], time }))
  }
  return { guest, votes }
}

/** Posts of so many fresh keys, dated 25 h back; Eve welcomes the first of them now, and each the next. */
export function backdatedWelcomes(on: Chain, target: MadeBlock, { count, nowMs }: { count: number; nowMs: number }) {
  const guests = Array.from({ length: count }, (_, n) => FIRST_FRESH + n)
  const blocks: MadeBlock[] = []
  let payer = EVE
  let tip = target
  for (const guest of guests) {
    const made = post(on, { author: guest, backs: [target.block], time: nowMs - 25 * HOUR })
    tip = like(on, 1, made.block, { author: payer, backs: [tip.block, made.block], time: nowMs })
    blocks.push(made, tip)
    payer = guest
  }
  return { guests, blocks, tip }
}
