/**
 * `completion` prints a script that lets a shell complete words of `freechains` (spec §11); the script calls
 * `complete`.
 */
import { Argument, type Command } from 'commander'
import { AddressBook } from '../address-book.ts'
import { readRing } from '../keys/key-ring.ts'
import { candidatesAt, type Candidate, type Sources } from '../completion/candidates.ts'
import { quoteForBash, splitLine } from '../completion/line.ts'
import { SCRIPTS, SHELLS, type Shell } from '../completion/scripts.ts'
import { sanitizeLine } from '../sanitize.ts'
import type { CommandContext } from '../command-context.ts'

/** Deadline for candidates that only the daemon knows. */
const DAEMON_MS = 300

/** Bash's default word breaks. */
const BASH_BREAKS = ' \t\n"\'@><=;|&(:'

export function addCompletionCommands(program: Command, context: CommandContext): void {
  program
    .command('completion')
    .description('print what makes a shell complete commands, options, and the chains and peers of the daemon')
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .action(async (shell: Shell) => {
      await context.answer(SCRIPTS[shell], SCRIPTS[shell].trimEnd())
    })

  program
    .command('complete', { hidden: true })
    .description('one per line what may stand at the end of a command line; for the scripts of `completion`')
    .addArgument(new Argument('<shell>', 'whose quoting to use').choices(SHELLS))
    .argument('<line>', 'the line up to the cursor')
    .argument('[breaks]', "Bash's COMP_WORDBREAKS", BASH_BREAKS)
    .action(async (shell: Shell, line: string, breaks: string) => {
      const typed = splitLine(line)
      const found = await candidatesAt(program, typed.words, typed.current, sourcesOf(context, typed.words))
      const lines = found.map((candidate) =>
        shell === 'bash' ? quoteForBash(sanitizeLine(candidate.word), typed, breaks) : withAbout(candidate),
      )
      await context.answerLines(found, lines)
    })
}

/** A tab separates the word from the description that zsh and fish show. */
function withAbout({ word, about }: Candidate): string {
  return about === undefined ? sanitizeLine(word) : `${sanitizeLine(word)}\t${sanitizeLine(about)}`
}

/** The values of `--host` and `--port` within a line. */
function daemonOf(words: readonly string[]): { readonly host?: string; readonly port?: string } {
  const valueOf = (option: string): string | undefined => {
    const at = words.findLastIndex((word) => word === option || word.startsWith(`${option}=`))
    const word = words[at]
    return word === option ? words[at + 1] : word?.slice(option.length + 1)
  }
  const [host, port] = [valueOf('--host'), valueOf('--port')]
  return { ...(host === undefined ? {} : { host }), ...(port === undefined ? {} : { port }) }
}

/** Candidates from the daemon and the address book, fetched on demand. */
function sourcesOf(context: CommandContext, words: readonly string[]): Sources {
  const ask = async (what: 'chains.list' | 'peer.list'): Promise<Candidate[]> => {
    try {
      const client = await context.connectTo(daemonOf(words), AbortSignal.timeout(DAEMON_MS))
      if (what === 'chains.list')
        return (await client.call(what, {})).map(({ name, id }) => ({ word: name === '' ? id : name, about: id }))
      const peers = await client.call(what, {})
      return peers.flatMap(({ id, addresses }) =>
        addresses.map((word) => (id === undefined ? { word } : { word, about: id })),
      )
    } catch {
      // No daemon, or too slow: completion has no place for errors.
      return []
    }
  }
  return {
    chains: () => ask('chains.list'),
    peers: () => ask('peer.list'),
    keys: async () => {
      try {
        return (await readRing(context.io)).keys.map(({ name, pub }) => ({ word: name, about: pub }))
      } catch {
        return []
      }
    },
    names: async () => {
      try {
        return (await AddressBook.open(context.io)).list().map(({ name, pub }) => ({ word: name, about: pub }))
      } catch {
        return []
      }
    },
  }
}
