/** Colors of drawings outside terminals: one hue per author. Pure. */
import { byAppearance } from '../colors.ts'

/** The color of unsigned blocks and of the genesis. */
const NOBODY = '#777777'

export const LIKE_COLOR = '#1a7f37'
export const DISLIKE_COLOR = '#cf222e'

/**
 * The golden angle in degrees: each step falls into the widest gap left by the previous ones, for any number of
 * authors.
 */
const STEP = 360 * (1 - 2 / (1 + Math.sqrt(5)))

/** Blue: far from the green of likes and the red of dislikes. */
const FIRST = 215

/** `#rrggbb`, dark enough on white; one color per author within a drawing. */
export type ColorOfAuthor = (author: string | undefined) => string

export function colorsOfAuthors(): ColorOfAuthor {
  const colorOf = byAppearance((place) => fromHue((FIRST + place * STEP) % 360))
  return (author) => (author === undefined ? NOBODY : colorOf(author))
}

/** HSL to RGB with saturation 0.65 and lightness 0.4. */
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
