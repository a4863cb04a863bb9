/** `--last N`, as `log` and `graph` take it. */
import { InvalidArgumentError } from 'commander'

/** As many as `chain.blocks` gives in one answer. */
export const MOST = 10_000

/** @throws {InvalidArgumentError} commander makes a usage error of it */
export function parseLast(text: string): number {
  const count = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (count < 1 || count > MOST) throw new InvalidArgumentError(`Expected a number from 1 to ${String(MOST)}.`)
  return count
}
