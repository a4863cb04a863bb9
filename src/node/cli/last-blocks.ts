/**
 * The last blocks of a chain, as `log` and `graph` show them (spec §11): so many accepted ones, and the held posts besides.
 * The daemon lists held posts behind all others, where they would push accepted ones out.
 */
import { InvalidArgumentError } from 'commander'
import type { ControlCaller } from '../control/client/connection.ts'
import type { ListedBlock } from '../control/shapes.ts'

/** As many as `chain.blocks` gives in one answer. */
export const MAX_LAST = 10_000

/** @throws {InvalidArgumentError} commander makes a usage error of it */
export function parseLast(text: string): number {
  const count = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (count < 1 || count > MAX_LAST) throw new InvalidArgumentError(`Expected a number from 1 to ${String(MAX_LAST)}.`)
  return count
}

export interface LastBlocksOptions {
  readonly chain: string
  /** How many that are not held. */
  readonly count: number
  readonly payloadBytes: number
}

/** In the order of the daemon: no more than `count` that are not held, then all that are. */
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
