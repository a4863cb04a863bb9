/** How a method of the port is described, for `schema.ts` and the files that it is made of. */
import type * as z from 'zod'

/** @param note - what the shapes of params and result do not say, for the reference */
export function method<P extends z.ZodType, R extends z.ZodType>(about: string, params: P, result: R, note?: string) {
  return { about, params, result, note }
}
