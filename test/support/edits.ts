/** Bytes that are nearly right, for readers that must be exact. */
import fc from 'fast-check'

/** One to three bytes changed, taken out or put in. */
export const edits = fc.array(
  fc.record({ at: fc.nat(), kind: fc.constantFrom('change', 'remove', 'insert'), byte: fc.nat(255) }),
  { minLength: 1, maxLength: 3 },
)

export function edited(bytes: Uint8Array, list: typeof edits extends fc.Arbitrary<infer T> ? T : never): Uint8Array {
  const all = [...bytes]
  for (const { at, kind, byte } of list) {
    const position = at % all.length
    if (kind === 'change') all[position] = byte
    else if (kind === 'remove') all.splice(position, 1)
    else all.splice(position, 0, byte)
  }
  return Uint8Array.from(all)
}
