/** `chain <c> welcome`: likes held posts of newcomers on other nodes in one word (spec §5, §11); and what is said of them. */
import type { Command } from 'commander'
import type { ResultOf } from '../../control/schema.ts'
import type { AddressBook } from '../address-book.ts'
import { shortId } from '../block-text.ts'
import type { CommandContext } from '../command-context.ts'
import { CommandError } from '../io.ts'
import { postSigned } from '../../control/client/signing.ts'
import { addSignOptions, mustSign, type SignOptions } from '../keys/who-signs.ts'

type Guest = Pick<ResultOf<'chain.status'>['guests'][number], 'id' | 'heldBy'>

export function addWelcomeCommand(chain: Command, context: CommandContext): void {
  addSignOptions(chain.command('welcome'))
    .usage('[<id> | all] [--as NAME | --sign=PVT]')
    .description(
      'like the posts of newcomers that wait for you, which lets them in and takes a rep of yours for each; prints the ids of the likes',
    )
    .argument('[id|all]', 'which one; needed if more than one waits')
    .action(async (which: string | undefined, options: SignOptions) => {
      const signer = await mustSign(options, context)
      const name = await context.chain()
      const client = await context.client()
      const { guests } = await client.call('chain.status', { chain: name })
      const ids = chosenOf(guests, which, name)
      const liked: string[] = []
      for (const id of ids) liked.push((await postSigned(client, { chain: name, like: id }, signer)).id)
      await context.answerLines(liked, liked.length === 0 ? [] : [liked.join(' ')])
      if (liked.length === 0) await context.note('nobody waits')
    })
}

/** @throws {CommandError} it is not said which of several */
function chosenOf(guests: readonly Guest[], which: string | undefined, chain: string): string[] {
  if (which !== undefined && which !== 'all') return [which]
  if (which === 'all' || guests.length < 2) return guests.map(({ id }) => id)
  const ids = guests.map(({ id }) => shortId(id)).join(' ')
  throw new CommandError(
    `${String(guests.length)} posts wait: ${ids}; read them with \`freechains chain '${chain}' log\`, then name one, or all`,
  )
}

/** “2 posts wait for you”, from whom, and the command to type; `undefined` if none does. */
export function guestsInWords(
  guests: readonly Guest[],
  chain: string,
  names: Pick<AddressBook, 'nameOf'>,
): string | undefined {
  if (guests.length === 0) return undefined
  const what = guests.length === 1 ? 'a post waits' : `${String(guests.length)} posts wait`
  const nodes = [...new Set(guests.flatMap(({ heldBy }) => heldBy))]
  const [first = ''] = nodes
  const from =
    nodes.length === 0
      ? ''
      : nodes.length === 1
        ? `, at ${names.nameOf(first) ?? first}`
        : `, at ${String(nodes.length)} nodes`
  const [only] = guests
  const id = guests.length === 1 && only !== undefined ? '' : ' ID'
  return `${what} for you${from}: freechains chain '${chain}' welcome${id}`
}
