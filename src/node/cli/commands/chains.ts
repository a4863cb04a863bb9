/** `chains`: the chains of this node (spec §11). */
import type { Command } from 'commander'
import type { ResultOf } from '../../control/schema.ts'
import { cursorParams } from '../../control/client/cursor.ts'
import type { ControlCaller } from '../../control/client/rpc-client.ts'
import { showSize } from '../block-text.ts'
import { CommandError } from '../io.ts'
import { confirm } from '../keys/prompt.ts'
import { openMarks } from '../inbox-marks.ts'
import { Mutes } from '../mutes.ts'
import type { ControlEvent } from '../../control/shapes.ts'
import { addJoinCommand } from './join.ts'
import { showEvent, type CommandContext } from '../command-context.ts'

export function addChainsCommands(program: Command, context: CommandContext): void {
  const chains = program.command('chains').description('the chains of this node: join, invite, leave, list, listen')

  addJoinCommand(chains, context)

  chains
    .command('invite')
    .description('print one string with which anybody joins the chain: its name, its pioneers, peers to begin with')
    .argument('<chain>')
    .option('--with-key', "put a group's key in it: whoever has the string then reads and writes everything, for ever")
    .action(async (chain: string, options: { readonly withKey?: true }) => {
      const client = await context.client()
      const made = await client.call('chains.invite', options.withKey === true ? { chain, withKey: true } : { chain })
      await context.answer(made, made.invite)
      for (const note of made.notes) await context.note(note)
    })

  chains
    .command('leave')
    .description(
      'leave a chain and delete what this node has of it, also what is left over of one; on a terminal it asks first',
    )
    .argument('<chain>')
    .option('--yes', 'do not ask')
    .action(async (typed: string, options: { readonly yes?: true }) => {
      const client = await context.client()
      const name = await context.chainNamed(typed)
      const isSure = options.yes === true || !context.canAsk || (await confirmLeaving(context, client, name))
      if (!isSure) throw new CommandError('nothing was deleted')
      const left = await client.call('chains.leave', { name })
      if (!left)
        throw new CommandError(`there is no chain ${name} here: \`freechains chains list\` shows those that there are`)
      await context.answer(left, String(left))
    })

  chains
    .command('list')
    .description('one chain per line: name and id; what is left over of chains that are not joined any more')
    .action(async () => {
      const client = await context.client()
      const chains = await client.call('chains.list', {})
      const unread = await unreadOf(context, client)
      const list = chains.map((chain) => ({
        ...chain,
        ...(unread.has(chain.name) ? { unread: unread.get(chain.name) } : {}),
      }))
      const left = list.filter((chain) => chain.leftOver !== undefined)
      await context.answerTable(
        list,
        {
          head: ['CHAIN', 'ID', ...(unread.size === 0 ? [] : ['UNREAD']), ...(left.length === 0 ? [] : ['STATE'])],
          rows: list.map((chain) => [
            nameOf(chain),
            chain.id,
            ...(unread.size === 0 ? [] : [String(chain.unread ?? '')]),
            ...(left.length === 0 ? [] : [leftOver(chain)]),
          ]),
        },
        list.map((chain) =>
          [nameOf(chain), chain.id, unreadText(chain), leftOver(chain)].filter((word) => word !== '').join(' '),
        ),
      )
      for (const { name, warning } of list) if (warning !== undefined) await context.note(`${name}: ${warning}`)
      if (left.length > 0) {
        const what = left.length === 1 ? 'a chain is' : `${String(left.length)} chains are`
        await context.note(
          `${what} left over from the config file: join it again, or free the disk with \`chains leave\``,
        )
      }
    })

  chains
    .command('listen')
    .description('print what `chain listen` does for every chain, each line behind its name; until Ctrl-C')
    .action(async () => {
      const words = (event: ControlEvent): string => `${event.chain} ${showEvent(event)}`
      await context.keepListening((client) => context.answerEvents(client.listenAll(), words))
    })
}

/** Asks, with what would be lost. */
async function confirmLeaving(context: CommandContext, client: ControlCaller, name: string): Promise<boolean> {
  const chain = (await client.call('chains.list', {})).find((one) => one.name === name || one.id === name)
  if (chain === undefined) return true
  const bytes = chain.leftOver ?? (await client.call('chain.status', { chain: chain.id })).bytes
  const what = `delete ${name} with ${showSize(bytes)} from this node? What no other node has is lost.`
  return await confirm(what, context.io)
}

/** Posts that the user has not read, by chain; empty until he has looked into his inbox once. */
async function unreadOf(context: CommandContext, client: ControlCaller): Promise<ReadonlyMap<string, number>> {
  const from = cursorParams(await openMarks(context.io, context.controlPort))
  if (Object.keys(from).length === 0) return new Map()
  const without = (await Mutes.open(context.io)).list()
  const news = await client.call('chains.news', { from, without, last: 0 })
  return new Map(news.map(({ name, posts }) => [name, posts]))
}

function unreadText({ unread = 0 }: { readonly unread?: number | undefined }): string {
  return unread === 0 ? '' : `${String(unread)} unread`
}

type Listed = ResultOf<'chains.list'>[number]

/** `?` where nobody knows the name any more. */
function nameOf({ name }: Listed): string {
  return name === '' ? '?' : name
}

/** Nothing for a chain that is joined. */
function leftOver({ leftOver: bytes }: Listed): string {
  return bytes === undefined ? '' : `left over: ${String(bytes)} bytes`
}
