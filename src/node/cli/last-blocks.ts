/**
 * The last blocks of a chain, as `log` and `graph` show them (spec §11): so many accepted ones, and the held posts besides.
 * The daemon lists held posts behind all others, where they would push accepted ones out.
 */
import type { ControlCaller } from '../control/client/connection.ts'
import type { ListedBlock } from '../control/shapes.ts'
import { MOST } from './last-option.ts'

export interface Wanted {
  readonly chain: string
  /** How many that are not held. */
  readonly count: number
  readonly payloadBytes: number
}

/** In the order of the daemon: no more than `count` that are not held, then all that are. */
export async function lastBlocks(
  client: Pick<ControlCaller, 'call'>,
  { chain, count, payloadBytes }: Wanted,
): Promise<ListedBlock[]> {
  const { held } = await client.call('chain.status', { chain })
  const last = Math.min(MOST, count + held)
  const listed = await client.call('chain.blocks', { chain, last, payloads: payloadBytes })
  const isHeld = ({ state }: ListedBlock): boolean => state === 'held'
  return [...listed.filter((block) => !isHeld(block)).slice(-count), ...listed.filter(isHeld)]
}
