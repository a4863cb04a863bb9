/** Typed arrays that grow. Large ones grow by a quarter: doubling would leave up to half of a large graph unused. */

/** Elements up to which an array doubles. */
const DOUBLE_UP_TO = 1 << 16

type Column = Uint8Array | Uint32Array | Float64Array

/** `column` itself if it holds `needed` elements, else a longer copy. */
export function grown<T extends Column>(column: T, needed: number): T {
  if (needed <= column.length) return column
  const factor = column.length <= DOUBLE_UP_TO ? 2 : 1.25
  const longer = new (column.constructor as new (length: number) => T)(
    Math.max(needed, Math.ceil(column.length * factor)),
  )
  longer.set(column)
  return longer
}
