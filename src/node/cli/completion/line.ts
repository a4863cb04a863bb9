/**
 * Splits a shell's command line into words and quotes words for it (spec §11, completion), without evaluating anything.
 * An unfinished line may end within a quote. Pure.
 */

export interface TypedLine {
  /** The words before the one being completed, unquoted; without the command itself. */
  readonly words: readonly string[]
  /** The typed part of the word being completed. */
  readonly current: string
  /** The open quote, if any. */
  readonly quote: '' | "'" | '"'
}

/** Splits a line up to the cursor. Removes quotes and backslashes; `$name` and `$(…)` stay text. */
export function splitLine(line: string): TypedLine {
  const words: string[] = []
  let current = ''
  let isWord = false
  let quote: TypedLine['quote'] = ''
  for (let at = 0; at < line.length; at += 1) {
    const char = line.charAt(at)
    const next = line.charAt(at + 1)
    if (quote === '' && /\s/.test(char)) {
      if (isWord) words.push(current)
      current = ''
      isWord = false
      continue
    }
    isWord = true
    if (char === quote) quote = ''
    else if (quote === '' && (char === "'" || char === '"')) quote = char
    else if (char === '\\' && quote !== "'" && (quote === '' || '"$`\\'.includes(next))) {
      current += next
      at += 1
    } else current += char
  }
  return { words: words.slice(1), current, quote }
}

/**
 * Quotes a candidate for Bash. Bash replaces only the part after the last of its word breaks, so the part before is
 * left out.
 */
export function quoteForBash(word: string, { current, quote }: TypedLine, breaks: string): string {
  if (quote === "'") return word
  if (quote === '"') return word.replaceAll(/["$`\\]/g, String.raw`\$&`)
  const kept = Math.max(-1, ...Array.from(breaks, (char) => current.lastIndexOf(char)))
  // An `@` is a word break, yet part of the word that it begins.
  const from = current[kept] === '@' ? kept : kept + 1
  return word.slice(from).replaceAll(/[^\w./:=@%+,-]/g, String.raw`\$&`)
}
