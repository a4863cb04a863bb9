/**
 * Puts the words of a command line into the one order that commander parses (spec §11). The paper writes the chain or
 * the peer in the middle of a command (`chain "#chat" post …`), and options may stand anywhere. Pure.
 */
import { UsageError } from './io.ts'

export interface ArrangedArgs {
  /** Words, then options, then what stands behind `--`. */
  readonly args: readonly string[]
  /** The chain or the peer that the command is about, taken out of the words. */
  readonly subject?: string
}

/** Commands of `peer` that are about no single one. */
export const PEER_COMMANDS_WITHOUT_PEER: readonly string[] = ['list', 'add', 'remove']

/** Commands of `peer` that may stand before the peer, too: who looks for a fault thinks of the command first. */
export const PEER_COMMANDS_BEFORE_PEER: readonly string[] = ['check']

/**
 * @param takesValue whether an option (`--sign`) is followed by its value when that is not attached with `=`
 * @throws {UsageError} what stands where a chain belongs is none
 */
export function arrange(argv: readonly string[], takesValue: (option: string) => boolean): ArrangedArgs {
  const words: string[] = []
  const options: string[] = []
  const dashes = argv.indexOf('--')
  const end = dashes === -1 ? argv.length : dashes
  for (let at = 0; at < end; at++) {
    const arg = argv[at] ?? ''
    // A single dash is a word: it stands for stdin.
    if (!arg.startsWith('-') || arg === '-') words.push(arg)
    else {
      options.push(arg)
      if (takesValue(arg) && at + 1 < end) options.push(argv[++at] ?? '')
    }
  }
  const behind = dashes === -1 ? [] : argv.slice(dashes)
  const explained = helpTopic(words)
  if (explained !== undefined) return arrange([...explained, '--help', ...options, ...behind], takesValue)
  const [group, subject, ...rest] = peerFirst(words)
  const isHelp = asksHelp(options)
  const hasSubject =
    (group === 'chain' && subject !== undefined && !(isHelp && !isChain(subject))) ||
    (group === 'peer' &&
      subject !== undefined &&
      !(isHelp && rest.length === 0) &&
      !PEER_COMMANDS_WITHOUT_PEER.includes(subject))
  if (!hasSubject) {
    // The shell takes an unquoted #chat for a comment, so that not even the command is left.
    if (group === 'chain' && !isHelp) throw new UsageError("which chain? (in a shell, quote it: '#chat')")
    return { args: [...words, ...options, ...behind] }
  }
  if (group === 'chain') requireChain(subject)
  return { args: [group, ...rest, ...options, ...behind], subject }
}

/** The peer before its command, where it stands behind. */
function peerFirst(words: readonly string[]): readonly string[] {
  const [group = '', command = '', peer, ...rest] = words
  const isTurned = group === 'peer' && PEER_COMMANDS_BEFORE_PEER.includes(command)
  return isTurned && peer !== undefined ? [group, peer, command, ...rest] : words
}

/** The words that `help` is asked about, where commander would not find them: `help chain get`, `peer help check`. */
function helpTopic(words: readonly string[]): readonly string[] | undefined {
  const [first = '', second = '', ...rest] = words
  if (first === 'help' && rest.length > 0) return [second, ...rest]
  return second === 'help' && (first === 'chain' || first === 'peer') ? [first, ...rest] : undefined
}

function asksHelp(options: readonly string[]): boolean {
  return options.includes('--help') || options.includes('-h')
}

/** Catches what the shell made of an unquoted `$name` or `#name`, and a forgotten chain. */
function requireChain(subject: string): void {
  if (isChain(subject)) return
  const found = subject === '' ? 'the chain is empty' : `“${subject}” is no chain`
  throw new UsageError(`${found}: chains begin with #, $ or @, or are an id 0_… (in a shell, quote them: '$family')`)
}

function isChain(subject: string): boolean {
  return /^[#$@]/.test(subject) || /^0_[0-9A-Fa-f]+$/.test(subject)
}
