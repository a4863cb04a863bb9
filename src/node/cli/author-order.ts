/** Numbers authors in the order in which they appear, which is what tells the colours of a few of them apart best. Pure. */

/** Gives what an author is marked with: `pick` of 0 for the first that is asked for, of 1 for the next, and the same always. */
export function byAppearance<T>(pick: (place: number) => T): (author: string) => T {
  const places = new Map<string, number>()
  return (author) => {
    const place = places.get(author) ?? places.size
    places.set(author, place)
    return pick(place)
  }
}
