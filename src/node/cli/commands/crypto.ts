/** `crypto`, and its commands under `keys`: keys to print, random or from passphrases (spec §3, §11). */
import { Argument, type Command } from 'commander'
import { isWeak } from '../../base/passphrase-strength.ts'
import { CommandError, UsageError } from '../io.ts'
import { ask } from '../keys/prompt.ts'
import { readPassphrase } from '../secrets.ts'
import type { CommandContext } from '../command-context.ts'

type Kind = 'shared' | 'pubpvt'

const KINDS = { shared: "a group's shared key: prints KEY", pubpvt: "an author's keys: prints PUB PVT" } as const
const PASSPHRASE = 'the same passphrase always gives the same keys; - reads it from stdin'
const NEW = 'a random key, which nobody can guess'

interface CryptoOptions {
  readonly new?: true
}

export function addCryptoCommands(program: Command, context: CommandContext): void {
  program
    .command('crypto')
    .description(
      'print keys: a shared key for groups, or a public and a private key; random ones (--new), or from a passphrase',
    )
    .addArgument(new Argument('<kind>', 'shared: prints KEY; pubpvt: prints PUB PVT').choices(['shared', 'pubpvt']))
    .argument('[passphrase]', PASSPHRASE)
    .option('--new', NEW)
    .action((kind: Kind, text: string | undefined, options: CryptoOptions) => printKeys(kind, text, options, context))
}

/** `keys shared` and `keys pubpvt`, which are older than the other commands of `keys`. */
export function addKindCommands(keys: Command, context: CommandContext): void {
  for (const kind of ['shared', 'pubpvt'] as const) {
    keys
      .command(kind)
      .description(`the same as \`crypto ${kind}\`, ${KINDS[kind]}`)
      .argument('[passphrase]', PASSPHRASE)
      .option('--new', NEW)
      .action((text: string | undefined, options: CryptoOptions) => printKeys(kind, text, options, context))
  }
}

async function printKeys(
  kind: Kind,
  text: string | undefined,
  options: CryptoOptions,
  context: CommandContext,
): Promise<void> {
  if ((text === undefined) !== (options.new === true)) throw new UsageError('expected a passphrase, or --new')
  const passphrase = text === undefined ? undefined : await passphraseFor(text, context)
  if (passphrase === '') throw new CommandError('the passphrase is empty: everybody would have the keys that it makes')
  const params = passphrase === undefined ? {} : { passphrase }
  const client = await context.client()
  if (kind === 'shared') {
    const made = await client.call('keys.shared', params)
    await context.answer(made, made.key)
    if (made.warning !== undefined) await context.note(`warning: ${made.warning}`)
  } else {
    const made = await client.call('keys.pubpvt', params)
    await context.answer(made, `${made.pub} ${made.pvt}`)
    if (made.warning !== undefined) await context.note(`warning: ${made.warning}`)
  }
}

/**
 * On a terminal a weak passphrase is told twice, or refused. A script gets the keys that the original gives, and a warning: it is
 * there for the keys that people have already.
 */
async function passphraseFor(text: string, context: CommandContext): Promise<string> {
  const { io } = context
  if (!context.canAsk) return await readPassphrase(text, io)
  const passphrase = text === '-' ? await ask('Passphrase: ', io, { isSecret: true }) : await readPassphrase(text, io)
  if (passphrase === '' || !isWeak(passphrase)) return passphrase
  await context.note(
    'the passphrase is weak, and guesses are made once for everybody; type it again to take it all the same',
  )
  if ((await ask('The same again: ', io, { isSecret: true })) === passphrase) return passphrase
  throw new CommandError('the passphrase is weak, and was not told twice: take five random words or more, or --new')
}
