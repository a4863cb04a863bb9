/**
 * `chain like`, `dislike`, `reps` and `remove` (spec §4, §5, §11). The chain is taken out of the words before parsing.
 */
import type { Command } from 'commander'
import { withoutKeys } from '../../base/without-keys.ts'
import { AddressBook } from '../address-book.ts'
import { looksLikeId } from '../name-rules.ts'
import { CommandError } from '../io.ts'
import { LENS_OPTION, lensOf, TRUST_OPTION, type LensOptions } from '../lens-options.ts'
import { postSigned } from '../../control/client/signing.ts'
import { addSignOptions, mustSign, type SignOptions } from '../keys/who-signs.ts'
import type { CommandContext } from '../command-context.ts'
import { requireUtf8 } from '../argument-values.ts'

export function addReputationCommands(chain: Command, context: CommandContext): void {
  addLikes(chain, context)

  chain
    .command('reps')
    .description('the reps of an author or a post; without either, one author per line: public key and reps')
    .argument('[id|pub|name]', "a post's id, an author's public key, or your name for it")
    .option(...LENS_OPTION)
    .option(...TRUST_OPTION)
    .action(async (of: string | undefined, options: LensOptions) => {
      const names = await AddressBook.open(context.io)
      const lens = lensOf(options, names)
      if (of !== undefined && lens !== undefined) {
        throw new CommandError('--lens shows all authors: leave out the author or post')
      }
      const which = of === undefined ? (lens === undefined ? {} : { lens }) : { of: names.keyOf(of) ?? of }
      if ('of' in which && !looksLikeId(which.of)) {
        const why = `“${withoutKeys(which.of)}” is none of your names, and no id or key`
        throw new CommandError(`${why}: see \`freechains names list\`; an id or a key has at least six hex digits`)
      }
      const reps = await (await context.client()).call('chain.reps', { chain: await context.chain(), ...which })
      if (typeof reps !== 'object') await context.answer(reps, String(reps))
      else
        await context.answerTable(
          reps,
          {
            head: ['AUTHOR', 'REPS', ...(lens === undefined ? [] : ['LENS']), 'PUBLIC KEY'],
            rows: reps.map((author) => [
              names.nameOf(author.pub) ?? '',
              String(author.reps),
              ...lensCells(author),
              author.pub,
            ]),
          },
          reps.map((author) => [author.pub, String(author.reps), ...lensCells(author)].join(' ')),
        )
    })

  chain
    .command('remove')
    .description('drop a held post; prints true')
    .argument('<id>', 'the id, or at least six of its hex digits')
    .action(async (id: string) => {
      const removed = await (await context.client()).call('chain.remove', { chain: await context.chain(), id })
      await context.answer(removed, String(removed))
    })
}

/** Whether the lens reaches an author, if it was asked for. */
function lensCells({ trusted }: { readonly trusted?: boolean }): string[] {
  return trusted === undefined ? [] : [trusted ? 'seen' : 'not-seen']
}

function addLikes(chain: Command, context: CommandContext): void {
  for (const [name, description] of [
    ['like', 'give a rep of yours to the author of a post, which lets in a held one; prints the id of the like'],
    [
      'dislike',
      'spend a rep to take one from the author of a post, or to take back a post of yours; prints the id of the dislike',
    ],
  ] as const) {
    addSignOptions(chain.command(name))
      .usage('<id> [--as NAME | --sign=PVT] [--why=TEXT]')
      .description(description)
      .argument('<id>', 'the post: its id, or at least six of its hex digits')
      .option('--why <text>', 'the reason, for everybody to read')
      .action(async (id: string, options: SignOptions & { readonly why?: string }) => {
        const signer = await mustSign(options, context)
        const reason =
          options.why === undefined ? {} : { why: requireUtf8(options.why, 'the reason', 'give it in UTF-8') }
        const drafting = { chain: await context.chain(), [name]: id, ...reason }
        const { id: made } = await postSigned(await context.client(), drafting, signer)
        await context.answer({ id: made }, made)
      })
  }
}
