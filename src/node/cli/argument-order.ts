/**
 * Rearranges the words of a command line into the order that commander parses (spec §11). The paper writes the chain or
 * the peer in the middle of a command (`chain "#chat" post …`), and options may stand anywhere. Pure.
 */
import { withoutKeys } from '../base/without-keys.ts'
import { UsageError } from './io.ts'

export interface ArrangedArgs {
  /** Words, then options, then what follows `--`. */
  readonly args: readonly string[]
  /** The chain or the peer of the command, taken out of the words. */
  readonly subject?: string
}

/** Commands of `peer` that take no peer in the middle. */
export const PEER_COMMANDS_WITHOUT_PEER: readonly string[] = ['list', 'add', 'remove']

/** Commands of `peer` that may also stand before the peer, as people type them when they look for a fault. */
export const PEER_COMMANDS_BEFORE_PEER: readonly string[] = ['check']

/**
 * @param takesValue - whether an option (`--sign`) takes the next word as its value, unless it is attached with `=`
 * @throws {UsageError} the word in the place of the chain is none
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
    // The shell reads an unquoted #chat as a comment, so not even the command is left.
    if (group === 'chain' && !isHelp) throw new UsageError("which chain? (in a shell, quote it: '#chat')")
    return { args: [...words, ...options, ...behind] }
  }
  if (group === 'chain') requireChain(subject)
  return { args: [group, ...rest, ...options, ...behind], subject }
}

/** Moves the peer before its command. */
function peerFirst(words: readonly string[]): readonly string[] {
  const [group = '', command = '', peer, ...rest] = words
  const isTurned = group === 'peer' && PEER_COMMANDS_BEFORE_PEER.includes(command)
  return isTurned && peer !== undefined ? [group, peer, command, ...rest] : words
}

/** The topic of `help` where commander would not find it: `help chain get`, `peer help check`. */
function helpTopic(words: readonly string[]): readonly string[] | undefined {
  const [first = '', second = '', ...rest] = words
  if (first === 'help' && rest.length > 0) return [second, ...rest]
  return second === 'help' && (first === 'chain' || first === 'peer') ? [first, ...rest] : undefined
}

function asksHelp(options: readonly string[]): boolean {
  return options.includes('--help') || options.includes('-h')
}

/** Reports a missing chain, and what a shell made of an unquoted `$name` or `#name`. @throws {UsageError} */
function requireChain(subject: string): void {
  if (isChain(subject)) return
  const found = subject === '' ? 'the chain is empty' : `“${withoutKeys(subject)}” is no chain`
  throw new UsageError(`${found}: chains begin with #, $ or @, or are an id 0_… (in a shell, quote them: '$family')`)
}

function isChain(subject: string): boolean {
  return /^[#$@]/.test(subject) || /^0_[0-9A-Fa-f]+$/.test(subject)
}
