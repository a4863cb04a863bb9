/**
 * The last blocks of a chain for `log` and `graph` (spec §11), and their `--last N`. The daemon lists held posts after
 * all others, where they would push accepted blocks out; here they come on top of N.
 */
import { InvalidArgumentError } from 'commander'
import type { ControlCaller } from '../control/client/connection.ts'
import type { ListedBlock } from '../control/shapes.ts'

/** The most blocks in one answer of `chain.blocks`. */
export const MAX_LAST = 10_000

/** Parses N. @throws {InvalidArgumentError} commander turns it into a usage error */
export function parseLast(text: string): number {
  const count = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (count < 1 || count > MAX_LAST) throw new InvalidArgumentError(`Expected a number from 1 to ${String(MAX_LAST)}.`)
  return count
}

export interface LastBlocksOptions {
  readonly chain: string
  /** How many blocks that are not held. */
  readonly count: number
  readonly payloadBytes: number
}

/** In the daemon's order: at most `count` blocks that are not held, then all held ones. */
export async function lastBlocks(
  client: Pick<ControlCaller, 'call'>,
  { chain, count, payloadBytes }: LastBlocksOptions,
): Promise<ListedBlock[]> {
  const { held } = await client.call('chain.status', { chain })
  const last = Math.min(MAX_LAST, count + held)
  const listed = await client.call('chain.blocks', { chain, last, payloads: payloadBytes })
  const isHeld = ({ state }: ListedBlock): boolean => state === 'held'
  return [...listed.filter((block) => !isHeld(block)).slice(-count), ...listed.filter(isHeld)]
}
