/** Colours of drawings that are not for terminals: one hue for each author. Pure. */

/** Of an unsigned block, and of the genesis. */
const NOBODY = '#777777'

export const LIKE_COLOUR = '#1a7f37'
export const DISLIKE_COLOUR = '#cf222e'

/** `#rrggbb`, dark enough for text on white; the same for one author always. */
export function colourOfAuthor(author: string | undefined): string {
  if (author === undefined) return NOBODY
  return fromHue(Number.parseInt(author.slice(0, 8), 16) % 360)
}

/** Saturation 0.65, lightness 0.4. */
function fromHue(hue: number): string {
  const [saturation, lightness] = [0.65, 0.4]
  const part = (offset: number): string => {
    const at = (offset + hue / 30) % 12
    const value =
      lightness - saturation * Math.min(lightness, 1 - lightness) * Math.max(-1, Math.min(at - 3, 9 - at, 1))
    return Math.round(255 * value)
      .toString(16)
      .padStart(2, '0')
  }
  return `#${part(0)}${part(8)}${part(4)}`
}
