/** The payload of a profile (spec §11, docs/apps.md): JSON that a stranger wrote, taken within bounds. Pure. */
import * as z from 'zod'
import type { Profile } from '../control/profile-shapes.ts'

/** Characters of a name; as many as a name in the reader's own address book may have. */
const NAME_CHARS = 32
const ABOUT_CHARS = 1000

/** An id as shown. */
const ID = /^\d{1,16}_[0-9A-F]{64}$/

const line = (atMost: number) =>
  z
    .string()
    .transform((text) => text.toWellFormed().normalize('NFC').replaceAll(/\s+/gu, ' ').trim())
    .refine((text) => text !== '' && Array.from(text).length <= atMost)

const text = z.string().refine((text) => text.isWellFormed() && Array.from(text).length <= ABOUT_CHARS)

/** Unknown fields are for others. */
const schema = z.object({
  name: line(NAME_CHARS).exactOptional(),
  about: text.exactOptional(),
  avatar: z.string().regex(ID).exactOptional(),
})

/** `undefined` if it is no profile. */
export function parseProfile(payload: Uint8Array): Pick<Profile, 'name' | 'about' | 'avatar'> | undefined {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
    return schema.safeParse(parsed).data
  } catch {
    return undefined
  }
}
