/**
 * How much a flood sends: one more than the bound that it has to break on, which is as good as a thousand more for the
 * bound; the nightly run (`scripts/nightly`) sends the full size, which memory and time have to bear as well.
 */

/** Set by `scripts/nightly`. */
export const IS_NIGHTLY = process.env['FREECHAINS_NIGHTLY'] === '1'

/** @param fullSize what the nightly run sends */
export function floodOf(bound: number, fullSize: number): number {
  return IS_NIGHTLY ? fullSize : Math.floor(bound) + 1
}
