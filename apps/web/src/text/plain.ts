/** What others wrote, safe to be read: what is unseen or turns the text around is spelt out, as in the terminal (spec §11). */
import { plain } from '../../../../src/node/cli/plain.ts'

export function safe(text: string): string {
  return plain(text.replaceAll('\r\n', '\n'))
}

export function safeLine(text: string): string {
  return safe(text).replaceAll('\n', '␤').replaceAll('\t', ' ')
}
