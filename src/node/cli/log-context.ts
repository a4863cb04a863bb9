/**
 * What lines of `log` say of others than their own block (spec §11): the words of the post that a block likes or answers, and
 * what authors call themselves. It takes at most one call for each, whatever is shown.
 */
import { ClientError } from '../control/client/client-error.ts'
import type { ControlCaller } from '../control/client/rpc-client.ts'
import type { Profile } from '../control/profile-shapes.ts'
import type { ListedBlock } from '../control/shapes.ts'
import { quoteOf } from './block-text.ts'

/** As many authors as one call takes; the latest of a longer log are named. */
const MAX_PROFILED = 200

/** As many posts as are quoted from elsewhere; the latest of a longer log are. */
const MAX_QUOTED = 500

/** Text of a quoted post that is fetched for its first words: what any post in a forum may have. */
const TEXT_BYTES = 128 * 1024

export interface LogContext {
  /** First words of a post, or what it is, by its id; none if nothing can be said. */
  readonly quotes: ReadonlyMap<string, string>
  /** By public key. */
  readonly profiles: ReadonlyMap<string, Profile>
}

export const NOTHING_AROUND: LogContext = { quotes: new Map(), profiles: new Map() }

export interface ContextOptions {
  readonly chain: string
  /** Whether the reader has a name of his own for a key: then no profile is asked for. */
  readonly isNamed: (pub: string) => boolean
}

export async function contextOf(
  client: Pick<ControlCaller, 'call'>,
  blocks: readonly ListedBlock[],
  options: ContextOptions,
): Promise<LogContext> {
  const [quotes, profiles] = await Promise.all([
    quotesFor(client, blocks, options),
    profilesFor(client, blocks, options),
  ])
  return { quotes, profiles }
}

/** The post that a block speaks of. */
export function spokenOf({ like, re }: ListedBlock): string | undefined {
  return like?.target ?? re
}

async function quotesFor(
  client: Pick<ControlCaller, 'call'>,
  blocks: readonly ListedBlock[],
  { chain }: ContextOptions,
): Promise<ReadonlyMap<string, string>> {
  const shown = new Map(blocks.map((block) => [block.id, block]))
  const wanted = [...new Set(blocks.map(spokenOf))].filter((id) => id !== undefined)
  const ids = wanted.filter((id) => !shown.has(id)).slice(-MAX_QUOTED)
  const others =
    ids.length === 0 ? [] : await unlessGone(client.call('chain.blocks', { chain, ids, payloads: TEXT_BYTES }))
  for (const block of others) shown.set(block.id, block)
  return new Map(
    wanted.flatMap((id) => {
      const block = shown.get(id)
      return block === undefined ? [] : [[id, quoteOf(block)] as const]
    }),
  )
}

async function profilesFor(
  client: Pick<ControlCaller, 'call'>,
  blocks: readonly ListedBlock[],
  { chain, isNamed }: ContextOptions,
): Promise<ReadonlyMap<string, Profile>> {
  const authors = [...new Set(blocks.map(({ author }) => author))].filter((pub) => pub !== undefined && !isNamed(pub))
  const of = authors.flatMap((pub) => (pub === undefined ? [] : [pub])).slice(-MAX_PROFILED)
  const profiles = of.length === 0 ? [] : await unlessGone(client.call('chain.profiles', { chain, of }))
  return new Map(profiles.map((profile) => [profile.pub, profile]))
}

/** Nothing if a block was dropped, or the chain left, meanwhile: the log is right without. */
async function unlessGone<T>(found: Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await found
  } catch (error) {
    if (error instanceof ClientError && ['block-not-found', 'chain-not-found'].includes(error.code)) return []
    throw error
  }
}
