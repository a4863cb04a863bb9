/**
 * Outcomes and defects: the base of all floors, which imports nothing. What a peer or a user can cause is returned as a
 * {@link Result}, a value or a coded fault. What only our own code can cause is thrown as a {@link Bug}.
 */

/** A value, or a coded fault that input can cause. */
export type Result<T, F> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: F }

/** A defect in this program: never caused by a peer's or a user's input. */
export class Bug extends Error {
  override readonly name = 'Bug'
}

export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value }
}

export function fail<F>(fault: F): { readonly ok: false; readonly fault: F } {
  return { ok: false, fault }
}

/** Closes a `switch` over a union: it does not compile if a case is added and not handled. */
export function unreachable(value: never): never {
  throw new Bug(`unexpected case ${JSON.stringify(value)}`)
}
