/** `names`: the user's names for keys of others (spec §11). Needs no daemon. */
import type { Command } from 'commander'
import { AddressBook } from '../address-book.ts'
import type { CommandContext } from '../command-context.ts'

export function addNamesCommands(program: Command, context: CommandContext): void {
  const names = program
    .command('names')
    .description('your own names for public keys and peers: shown by log, graph and reps, and known to nobody else')

  names
    .command('add')
    .description('call a public key by a name from now on')
    .argument('<pub>', 'the public key: 64 hex digits; or a peer id')
    .argument('<name>', 'letters, digits, “.”, “_”, “-”; nothing that could be a key or an id')
    .action(async (pub: string, name: string) => {
      const { before, after } = await AddressBook.change(context.io, (book) => book.add(pub, name))
      const [was, is] = [before, after].map((one) => one.nameOf(pub) ?? one.nameOf(pub.toUpperCase()))
      if (was !== undefined && was !== is) await context.note(`was ${was}`)
      await context.answerLines(after.list(), [])
    })

  names
    .command('remove')
    .description('forget a name')
    .argument('<pub|name>', 'the name, or the key that has it')
    .action(async (which: string) => {
      const { after } = await AddressBook.change(context.io, (book) => book.remove(which))
      await context.answerLines(after.list(), [])
    })

  names
    .command('list')
    .description('one name per line: name and public key')
    .action(async () => {
      const list = (await AddressBook.open(context.io)).list()
      await context.answerTable(
        list,
        { head: ['NAME', 'PUBLIC KEY'], rows: list.map(({ name, pub }) => [name, pub]) },
        list.map(({ name, pub }) => `${name} ${pub}`),
      )
    })
}
