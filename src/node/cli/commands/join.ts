/** `chains join` (spec §11): by name or by invite; of a forum, whose it is. */
import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
import { settleFounder } from '../founders.ts'
import { readJoining, readKey } from '../secrets.ts'

interface JoinOptions {
  readonly newKey?: true
  readonly founder?: string
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
    .option('--founder <pub>', "of a forum: the founder to follow; blocks of others' forums of this name are not taken")
    .option('--instead', 'leave the chain of this name that is here, or the forum of another founder, and remove it')
    .action(async (word: string, texts: string[], options: JoinOptions) => {
      // A name of the user's goes before a file of that name.
      const what = await readJoining(await context.chainNamed(word), context.io)
      const isInvite = 'invite' in what
      // Only a forum takes public keys, and an invite to a forum includes them.
      const use = isInvite || what.name.startsWith('$') ? 'shared' : 'public'
      const keys = await Promise.all(texts.map((text) => readKey(text, use, context.io)))
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
