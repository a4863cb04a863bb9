/**
 * Command lines as shells have them (spec §11, completion): taken apart without running anything in them, and words put
 * back so that the shell reads them as they are. A line that is being typed may end within a quote. Pure.
 */

export interface TypedLine {
  /** The words before the one that is being typed, as a program would get them; the command itself left out. */
  readonly words: readonly string[]
  /** What there is of the word at the cursor. */
  readonly current: string
  /** The quote that is open at the cursor. */
  readonly quote: '' | "'" | '"'
}

/** Takes a line up to the cursor apart: quotes and backslashes go; `$name` and `$(…)` stay what they are, text. */
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
 * A word as Bash puts it in place of the one at the cursor. Bash replaces only what follows the last of its break
 * characters, so what stands before is left out.
 */
export function quoteForBash(word: string, { current, quote }: TypedLine, breaks: string): string {
  if (quote === "'") return word
  if (quote === '"') return word.replaceAll(/["$`\\]/g, String.raw`\$&`)
  const kept = Math.max(-1, ...Array.from(breaks, (char) => current.lastIndexOf(char)))
  // An @ breaks a word and belongs to what it begins.
  const from = current[kept] === '@' ? kept : kept + 1
  return word.slice(from).replaceAll(/[^\w./:=@%+,-]/g, String.raw`\$&`)
}
