/** `crypto` and its alias `keys`: keys from passphrases (spec §3, §11). */
import { Argument, type Command } from 'commander'
import { CommandError, UsageError } from '../io.ts'
import { readPassphrase } from '../secrets.ts'
import type { CommandContext } from '../command-context.ts'

export function addCryptoCommands(program: Command, context: CommandContext): void {
  program
    .command('crypto')
    .alias('keys')
    .description(
      'make keys: a shared key for groups, or a public and a private key; random ones (--new), or from a passphrase',
    )
    .addArgument(new Argument('<kind>', 'shared: prints KEY; pubpvt: prints PUB PVT').choices(['shared', 'pubpvt']))
    .argument('[passphrase]', 'the same passphrase always gives the same keys; - reads it from stdin')
    .option('--new', 'a random key, which nobody can guess')
    .action(async (kind: 'shared' | 'pubpvt', text: string | undefined, options: { readonly new?: true }) => {
      if ((text === undefined) !== (options.new === true)) throw new UsageError('expected a passphrase, or --new')
      const passphrase = text === undefined ? undefined : await readPassphrase(text, context.io)
      if (passphrase === '')
        throw new CommandError('the passphrase is empty: everybody would have the keys that it makes')
      const client = await context.client()
      if (kind === 'shared') {
        const made = await client.call('keys.shared', passphrase === undefined ? {} : { passphrase })
        await context.answer(made, made.key)
        if (made.warning !== undefined) await context.note(`warning: ${made.warning}`)
      } else {
        const made = await client.call('keys.pubpvt', passphrase === undefined ? {} : { passphrase })
        await context.answer(made, `${made.pub} ${made.pvt}`)
        if (made.warning !== undefined) await context.note(`warning: ${made.warning}`)
      }
    })
}
