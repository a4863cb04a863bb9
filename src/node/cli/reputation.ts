/** `chain`: likes, dislikes, and what they decide (spec §4, §5, §11). The chain itself is taken out of the words before. */
import type { Command } from 'commander'
import { readKey } from './secrets.ts'
import type { Session } from './session.ts'

export function addReputationCommands(chain: Command, session: Session): void {
  addLikes(chain, session)

  chain
    .command('reps')
    .description('the reps of an author or a post; without either, one author per line: public key and reps')
    .argument('[id|pub]', "a post's id, or an author's public key")
    .action(async (of?: string) => {
      const params = { chain: session.subject('chain'), ...(of === undefined ? {} : { of }) }
      const reps = await (await session.client()).call('chain.reps', params)
      if (typeof reps === 'number') await session.answer(reps, String(reps))
      else
        await session.answerLines(
          reps,
          reps.map((author) => `${author.pub} ${String(author.reps)}`),
        )
    })

  chain
    .command('remove')
    .description('drop a held post; prints true')
    .argument('<id>', 'the id, or at least six of its hex digits')
    .action(async (id: string) => {
      const removed = await (await session.client()).call('chain.remove', { chain: session.subject('chain'), id })
      await session.answer(removed, String(removed))
    })
}

function addLikes(chain: Command, session: Session): void {
  for (const [name, description] of [
    ['like', 'give a rep of yours to the author of a post, which lets in a held one; prints the id of the like'],
    ['dislike', 'spend a rep to take one from the author of a post; prints the id of the dislike'],
  ] as const) {
    chain
      .command(name)
      .usage('<id> --sign=PVT [--why=TEXT]')
      .description(description)
      .argument('<id>', 'the post: its id, or at least six of its hex digits')
      .requiredOption('--sign <pvt>', 'private key to sign with; @FILE and env:NAME work')
      .option('--why <text>', 'the reason, for everybody to read')
      .action(async (id: string, options: { sign: string; why?: string }) => {
        const sign = await readKey(options.sign, session.io)
        const liked = await (
          await session.client()
        ).call(`chain.${name}`, {
          chain: session.subject('chain'),
          id,
          sign,
          ...(options.why === undefined ? {} : { why: options.why }),
        })
        await session.answer(liked, liked.id)
      })
  }
}
