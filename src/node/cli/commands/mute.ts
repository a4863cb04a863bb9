/** `mute`, `unmute`, `mutes`: the list of muted authors, a file of the user's (spec §11). They work without a daemon. */
import type { Command } from 'commander'
import { AddressBook } from '../address-book.ts'
import { authorOf } from '../authors.ts'
import type { CommandContext } from '../command-context.ts'
import { Mutes } from '../mutes.ts'

export function addMuteCommands(program: Command, context: CommandContext): void {
  for (const [name, description, isMuted] of [
    ['mute', 'show no posts of an author any more, in log and inbox; on this machine alone', true],
    ['unmute', 'show them again', false],
  ] as const) {
    program
      .command(name)
      .description(description)
      .argument('<pub|name>', 'your name for the author, or the public key')
      .action(async (who: string) => {
        const pub = await authorOf(who, await AddressBook.open(context.io))
        await Mutes.change(context.io, pub, isMuted)
        await context.answerLines((await Mutes.open(context.io)).list(), [])
      })
  }

  program
    .command('mutes')
    .description('one muted author per line: public key, and your name for it')
    .action(async () => {
      const names = await AddressBook.open(context.io)
      const list = (await Mutes.open(context.io)).list()
      await context.answerLines(
        list,
        list.map((pub) => [pub, names.nameOf(pub) ?? ''].join(' ').trimEnd()),
      )
    })
}
