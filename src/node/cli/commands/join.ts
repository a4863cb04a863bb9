/** `chains join` (spec §11): by name or by invite; of a forum, whose it is. */
import type { Command } from 'commander'
import { AddressBook, keysOfNames } from '../address-book.ts'
import type { CommandContext } from '../command-context.ts'
import { settleFounder } from '../founders.ts'
import { UsageError } from '../io.ts'
import { readJoining, readKey } from '../secrets.ts'

interface JoinOptions {
  readonly newKey?: true
  readonly pioneers?: string
  readonly founder?: string
  readonly welcome?: boolean
  readonly instead?: true
}

export function addJoinCommand(chains: Command, context: CommandContext): void {
  chains
    .command('join')
    .description('join a chain and print its id')
    .argument(
      '<chain>',
      "'#forum', '$group', '@PUB' or '@!PUB'; or an invite, which needs nothing else (@FILE, env:NAME and - work)",
    )
    .argument('[keys...]', "a forum's pioneers (public keys), or a group's shared key; @FILE and env:NAME work")
    .option('--new-key', 'of a group: found it with a random key, for members to join by an invite')
    .option(
      '--pioneers <list>',
      'of a forum: who start with reps, as public keys or your names for them, with commas between',
    )
    .option('--founder <pub>', "of a forum: the founder to follow; blocks of others' forums of this name are not taken")
    .option(
      '--welcome',
      'collect held posts of newcomers on other nodes, to welcome them here; also of a chain that is joined',
    )
    .option('--no-welcome', 'collect them only where an author who posts through this node has reps')
    .option('--instead', 'leave the chain of this name that is here, or the forum of another founder, and remove it')
    .action(async (word: string, texts: string[], { pioneers, ...options }: JoinOptions) => {
      // A name of the user's goes before a file of that name.
      const what = await readJoining(await context.chainNamed(word), context.io)
      const isInvite = 'invite' in what
      // Only a forum takes public keys, and an invite to a forum includes them.
      const use = isInvite || what.name.startsWith('$') ? 'shared' : 'public'
      const typed = await Promise.all(texts.map((text) => readKey(text, use, context.io)))
      const named = pioneers === undefined ? [] : keysOfNames(pioneers, await AddressBook.open(context.io))
      if (named.length > 0 && (isInvite || !what.name.startsWith('#')))
        throw new UsageError('--pioneers is for a forum by its name (#name): an invite has them already')
      const keys = [...typed, ...named]
      const params = { ...what, ...(keys.length === 0 ? {} : { keys }), ...options }
      const joined = await (await context.client()).call('chains.join', params)
      await context.answer(joined, joined.id)
      if (options.newKey === true && !isInvite)
        await context.note(`a new group: who is to join needs \`freechains chains invite '${what.name}' --with-key\``)
      const name = isInvite ? (joined.name ?? '') : what.name
      if (isInvite && name !== '') await context.note(`joined ${name}`)
      for (const note of joined.notes ?? []) await context.note(note)
      if (name.startsWith('#') && keys.length === 0) await settleFounder(context, { id: joined.id, name })
    })
}
