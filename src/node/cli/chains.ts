/** `chains`: which chains this node has (spec §11). */
import type { Command } from 'commander'
import { readKey } from './secrets.ts'
import { eventWords, type Session } from './session.ts'

export function addChainsCommands(program: Command, session: Session): void {
  const chains = program.command('chains').description('the chains of this node: join, leave, list, listen')

  chains
    .command('join')
    .description('join a chain and print its id')
    .argument('<chain>', "'#forum', '$group', '@PUB' or '@!PUB'")
    .argument('[keys...]', "a forum's pioneers (public keys), or a group's shared key; @FILE and env:NAME work")
    .action(async (name: string, texts: string[]) => {
      const keys = await Promise.all(texts.map((text) => readKey(text, session.io)))
      const joined = await (await session.client()).call('chains.join', keys.length === 0 ? { name } : { name, keys })
      await session.answer(joined, joined.id)
    })

  chains
    .command('leave')
    .description('leave a chain and remove its data; prints false if it was not joined')
    .argument('<chain>')
    .action(async (name: string) => {
      const left = await (await session.client()).call('chains.leave', { name })
      await session.answer(left, String(left))
    })

  chains
    .command('list')
    .description('one chain per line: name and id')
    .action(async () => {
      const list = await (await session.client()).call('chains.list', {})
      await session.answerTable(
        list,
        { head: ['CHAIN', 'ID'], rows: list.map((chain) => [chain.name, chain.id]) },
        list.map((chain) => `${chain.name} ${chain.id}`),
      )
    })

  chains
    .command('listen')
    .description('print what `chain listen` does for every chain, each line behind its name; until Ctrl-C')
    .action(async () => {
      const events = (await session.client()).subscribe('chains.listen', {})
      await session.follow(events, (event) => `${event.chain} ${eventWords(event)}`)
    })
}
