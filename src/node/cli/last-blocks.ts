/**
 * The last blocks of a chain for `log` and `graph` (spec §11), and their `--last N`. The daemon lists held posts after
 * all others, where they would push accepted blocks out; here they come on top of N.
 */
import type { ControlCaller } from '../control/client/rpc-client.ts'
import type { ListedBlock } from '../control/shapes.ts'
import { parseCount } from './argument-values.ts'

/** The most blocks in one answer of `chain.blocks`. */
export const MAX_LAST = 10_000

/** Parses N. @throws {InvalidArgumentError} commander turns it into a usage error */
export function parseLast(text: string): number {
  return parseCount(text, MAX_LAST)
}

/** Through the lens, so many times as many blocks are looked through: a farm's may be most of them. */
const LENS_LOOKS = 20

export interface LastBlocksOptions {
  readonly chain: string
  /** How many blocks that are not held. */
  readonly count: number
  readonly payloadBytes: number
  /** Through the lens (spec §4): the public keys that the reader adds. Held posts are not left out. */
  readonly lens?: string[] | undefined
}

/** In the daemon's order: at most `count` blocks that are not held, and seen through the lens, then all held ones. */
export async function lastBlocks(
  client: Pick<ControlCaller, 'call'>,
  { chain, count, payloadBytes, lens }: LastBlocksOptions,
): Promise<ListedBlock[]> {
  const { held } = await client.call('chain.status', { chain })
  const last = Math.min(MAX_LAST, (lens === undefined ? count : count * LENS_LOOKS) + held)
  const through = lens === undefined ? {} : { lens }
  const listed = await client.call('chain.blocks', { chain, last, payloads: payloadBytes, ...through })
  const isHeld = ({ state }: ListedBlock): boolean => state === 'held'
  return [
    ...listed.filter((block) => !isHeld(block) && block.trusted !== false).slice(-count),
    ...listed.filter(isHeld),
  ]
}
