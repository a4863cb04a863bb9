/**
 * Chains as pictures, one line a block, asked in the words of the rules. Every answer is given by `Reputation` and by the
 * slow twin, which must agree; so must they on every block that is drawn.
 *
 *     genesis < a1    @0 08:00
 *     a1      < b1    @0 10:00
 *     a1 b1   < a2    @0 11:00 likes b1
 *     a2      < a3..9 @1 12:00 every 1m    a row: each stands on the one before
 *     a9      < c1|4  @2 00:00             side by side: each stands on the left
 *
 * Left of `<` stand the backs; letters of a name say the author, `anon` nobody; `@` a day and the time of that day, in UTC.
 */
import { expect } from 'vitest'
import { author as pairOf, chain, must } from './blocks.ts'
import { candidateOf } from './candidates.ts'
import { DAY, FIRST_DAY, HOUR, keyOf, MINUTE, twinBlock } from './economy.ts'
import { headsOf, ReputationTwin, type TwinBlock, type TwinChain, type TwinSet } from './reputation-twin.ts'
import type { Chain } from '../../src/dag/chain.ts'
import { sha256 } from '../../src/dag/crypto.ts'
import { Bug } from '../../src/dag/result.ts'
import type { Header } from '../../src/dag/header.ts'
import { genesisBlockId, payloadId, type AuthorKey, type BlockId } from '../../src/dag/ids.ts'
import { ChainState } from '../../src/reputation/chain-state.ts'

/** In by itself; in because a paid block stands on it; not in. */
export type State = 'paid' | 'accepted' | 'held'

const LINE =
  /^(.+?)\s+<\s+([a-z]+)(\d+)(?:(\.\.|\|)(\d+))?\s+@(\d+ [\d:.]+)(?:\s+every (\d+)(ms|s|m|h|d))?(?:\s+(likes|dislikes) (\S+))?$/

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: MINUTE, h: HOUR, d: DAY }

const EMPTY_PAY = { id: payloadId(sha256(new Uint8Array(0))), size: 0 }

/** `2 08:30`, `2 08:30:59.999`: that time of that day, both counted from {@link FIRST_DAY}. */
export function timeOf(text: string): number {
  const [, day, hours, minutes, seconds = '0', ms = '0'] =
    /^(\d+) (\d\d):(\d\d)(?::(\d\d)(?:\.(\d{3}))?)?$/.exec(text) ?? []
  if (day === undefined) throw new Bug(`cannot read the time ${text}`)
  return (
    FIRST_DAY +
    Number(day) * DAY +
    Number(hours) * HOUR +
    Number(minutes) * MINUTE +
    Number(seconds) * 1000 +
    Number(ms)
  )
}

/** The key that the author with these letters has. */
export function authorOf(letters: string): AuthorKey {
  return keyOf(parseInt(letters, 36))
}

/** `#forum`; without pioneers, whoever makes its first post is the pioneer. */
export function forumOf(...pioneers: readonly string[]): DrawnChain {
  const keys = pioneers.map(authorOf)
  return new DrawnChain(chain('#forum', ...keys), { kind: 'forum', pioneers: keys })
}

/** `@PUB`. */
export function identityOf(owner: string): DrawnChain {
  const key = authorOf(owner)
  return new DrawnChain(chain(`@${key}`), { kind: 'identity', pioneers: [], owner: key })
}

/** `@!PUB`. */
export function ownerOnlyOf(owner: string): DrawnChain {
  const key = authorOf(owner)
  return new DrawnChain(chain(`@!${key}`), { kind: 'owner-only', pioneers: [], owner: key })
}

/** `$group`. */
export function group(): DrawnChain {
  return new DrawnChain(chain('$group', pairOf(1).author), { kind: 'group', pioneers: [] })
}

interface Known {
  readonly u: TwinBlock
  readonly index: number
}

export class DrawnChain {
  readonly #chain: Chain
  readonly #reputation: ChainState
  #twin: ReputationTwin
  readonly #known = new Map<string, Known>()

  constructor(of: Chain, twinChain: TwinChain) {
    this.#chain = of
    this.#reputation = new ChainState(of, 5)
    this.#twin = new ReputationTwin(twinChain)
  }

  /** Adds blocks, which must be sound, in the order drawn; may be called again, to go on. */
  draw(picture: string): this {
    for (const line of picture.split('\n')) for (const [name, u] of this.#read(line)) this.#enter(name, u)
    this.#agree()
    return this
  }

  /** Code of the fault by which a block like this one is refused, which is then not drawn; `sound` if it is not refused. */
  refusal(line: string): string {
    const codes = this.#read(line).map(([name, u]) => {
      const candidate = this.#candidate(u)
      const code = candidate.ok ? 'sound' : candidate.fault.code
      expect(code === 'sound', `the twin on ${name}`).toBe(this.#twin.isSound(u))
      return code
    })
    return codes.join(' ')
  }

  /** reps(author, accepted, at). */
  reps(author: string, at: string): number {
    return this.#repsAt(authorOf(author), timeOf(at))
  }

  /** reps at the given time less a millisecond, at that time, and a millisecond later. */
  repsAround(author: string, at: string): [number, number, number] {
    const around = (ms: number) => this.#repsAt(authorOf(author), timeOf(at) + ms)
    return [around(-1), around(0), around(1)]
  }

  /** k of a block; infinite for unlimited authors. */
  k(name: string): number {
    const { u, index } = this.#block(name)
    return same(this.#reputation.isUnlimited(index) ? Infinity : this.#reputation.k(index), this.#twin.k(u), name)
  }

  isPaid(name: string): boolean {
    const { u, index } = this.#block(name)
    return same(this.#reputation.isPaid(index), this.#twin.paid(this.#set).has(u), name)
  }

  isAccepted(name: string): boolean {
    const { u, index } = this.#block(name)
    return same(this.#reputation.graph.isAccepted(index), this.#accepted.has(u), name)
  }

  state(name: string): State {
    if (this.isPaid(name)) return 'paid'
    return this.isAccepted(name) ? 'accepted' : 'held'
  }

  /** Of several blocks: `a1 paid, b1 held`. */
  states(names: string): string {
    return names.replaceAll(/\S+/g, (name) => `${name} ${this.state(name)},`).slice(0, -1)
  }

  /** Rule 3.b. */
  isHidden(post: string): boolean {
    const { u, index } = this.#block(post)
    return same(this.#reputation.isHidden(index), this.#twin.hidden(u, this.#set), post)
  }

  /** Rule 3.b: by its author. */
  isTakenBack(post: string): boolean {
    const { u, index } = this.#block(post)
    return same(this.#reputation.isTakenBack(index), this.#twin.isTakenBack(u, this.#set), post)
  }

  repsOfPost(post: string): number {
    const { u, index } = this.#block(post)
    return same(this.#reputation.repsOfPost(index), this.#twin.repsOfPost(u, this.#set), post)
  }

  /** Names of the heads, in order; of an empty chain: `genesis`. */
  heads(): string {
    const real = this.#reputation.graph.heads().map((index) => this.#nameOf(index))
    const twin = headsOf(this.#accepted).map((u) => this.#nameOf(u))
    return same(real, twin.length === 0 ? ['genesis'] : twin, 'heads').join(' ')
  }

  get #set(): Set<TwinBlock> {
    return new Set([...this.#known.values()].map(({ u }) => u))
  }

  /** By definition. */
  get #accepted(): Set<TwinBlock> {
    return this.#twin.accepted(this.#set)
  }

  get #hidden(): Set<TwinBlock> {
    const targets = new Set([...this.#set].flatMap((u) => u.like?.target ?? []))
    return new Set([...targets].filter((u) => this.#twin.hidden(u, this.#set)))
  }

  #repsAt(author: AuthorKey, time: number): number {
    const reps = this.#reputation.repsOf(author, time)
    // Not before the latest head: the time that the next post would have.
    const accepted = this.#accepted
    const t = Math.max(time, ...[...accepted].map((u) => u.time))
    return same(reps, this.#twin.reps(author, accepted, t), `reps at ${String(t)}`)
  }

  #block(name: string): Known {
    const known = this.#known.get(name)
    if (known === undefined) throw new Bug(`no block ${name} in the picture so far`)
    return known
  }

  #nameOf(block: TwinBlock | number): string {
    const found = [...this.#known].find(([, { u, index }]) => u === block || index === block)
    return found?.[0] ?? 'genesis'
  }

  /** The blocks of one line, none of them known yet. */
  #read(text: string): [name: string, u: TwinBlock][] {
    const line = text.trim()
    if (line === '') return []
    const [, left, letters, first, shape, last = first, time, step = '0', unit = 'ms', verb, target] =
      LINE.exec(line) ?? []
    if (left === undefined || letters === undefined || time === undefined) throw new Bug(`cannot read ${line}`)
    const base = left === 'genesis' ? [] : left.split(/\s+/).map((name) => this.#block(name).u)
    const n = verb === 'likes' ? (1 as const) : (-1 as const)
    const made: [string, TwinBlock][] = []
    for (let number = Number(first); number <= Number(last); number += 1) {
      const name = `${letters}${String(number)}`
      const under = shape === '..' ? made.at(-1)?.[1] : undefined
      const parts = {
        time: timeOf(time) + made.length * Number(step) * (UNITS[unit] ?? 0),
        ...(letters === 'anon' ? {} : { author: authorOf(letters) }),
        ...(target === undefined ? {} : { like: { n, target: this.#block(target).u } }),
      }
      made.push([name, twinBlock(name, under === undefined ? base : [under], parts)])
    }
    return made
  }

  #enter(name: string, u: TwinBlock): void {
    if (this.#known.has(name)) throw new Bug(`${name} is in the picture already`)
    expect(this.#twin.isSound(u), `${name} is sound`).toBe(true)
    const [before, hidden] = [this.#accepted, this.#hidden]
    const candidate = must(this.#candidate(u))
    const index = this.#reputation.append(candidate, this.#reputation.kOf(candidate))
    this.#known.set(name, { u, index })
    const would = this.#reputation.would(index).withdrawn
    const change = this.#reputation.enter(index)
    this.#agreeOn({ name, before, after: this.#accepted, came: change.accepted, went: change.withdrawn })
    this.#agreeOn({ name, before, after: this.#accepted, came: change.accepted, went: would })
    this.#agreeOn({ name, before: hidden, after: this.#hidden, came: change.hidden, went: change.shown })
    this.k(name)
    const { chain: of } = this.#twin
    const isFirstPost = of.kind === 'forum' && of.pioneers.length === 0 && of.pioneer === undefined
    if (isFirstPost && u.author !== undefined) this.#twin = new ReputationTwin({ ...of, pioneer: u.author })
  }

  /** On what one block changed: `came` and `went` are what `Reputation` says. */
  #agreeOn(change: {
    name: string
    before: TwinSet
    after: TwinSet
    came: readonly number[]
    went: readonly number[]
  }) {
    const { name, before, after, came, went } = change
    const names = (blocks: Iterable<TwinBlock | number>) => [...blocks].map((block) => this.#nameOf(block)).sort()
    const expected = [[...after].filter((u) => !before.has(u)), [...before].filter((u) => !after.has(u))]
    expect([came, went].map(names), `what ${name} changes`).toEqual(expected.map(names))
  }

  /** On everything, after every picture. */
  #agree(): void {
    const targets = new Set([...this.#set].map((u) => u.like?.target))
    for (const [name, { u, index }] of this.#known) {
      this.state(name)
      if (targets.has(u)) this.isHidden(name)
      if (targets.has(u)) this.isTakenBack(name)
      if (targets.has(u)) this.repsOfPost(name)
      else expect([this.#reputation.isHidden(index), this.#reputation.repsOfPost(index)]).toEqual([false, 0])
    }
    this.heads()
    const times = [...this.#set].map((u) => u.time)
    const latest = Math.max(...times)
    for (const author of new Set([...this.#set].map((u) => u.author))) {
      if (author !== undefined) for (const wait of [0, DAY]) this.#repsAt(author as AuthorKey, latest + wait)
    }
  }

  #candidate(u: TwinBlock): ReturnType<typeof candidateOf> {
    const { id, params } = this.#chain
    const header: Header = {
      v: 1,
      height: u.height,
      time: u.time,
      backs: u.backs === 'genesis' ? [genesisBlockId(id)] : u.backs.map((back) => back.id as BlockId),
      ...(u.author === undefined ? {} : { author: u.author as AuthorKey }),
      ...(u.like === undefined ? {} : { like: { n: u.like.n, target: u.like.target.id as BlockId } }),
      pay: { ...EMPTY_PAY, seal: params.kind === 'group' ? 'group' : 'none' },
    }
    return candidateOf(this.#reputation, u.id as BlockId, header)
  }
}

function same<T>(real: T, twin: T, what: string): T {
  expect(real, `Reputation and the twin on ${what}`).toEqual(twin)
  return real
}
