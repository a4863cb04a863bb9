/** Whom a forum follows (spec §2, §11): what `chains join`, `log` and `chain founder` say of it, and the question on a terminal. */
import type { ControlCaller } from '../control/client/rpc-client.ts'
import type { ResultOf } from '../control/schema.ts'
import type { CommandContext } from './command-context.ts'
import { chunksOf, CommandError, type Io } from './io.ts'

type Founders = ResultOf<'chain.founder'>

/** An answer to the question is a number or a key. */
const ANSWER_BYTES = 1024

/** A line for each founder that peers follow. */
export function seenLines({ founders }: Pick<Founders, 'founders'>): string[] {
  return founders.map(
    ({ pub, blocks, peers }) => `${pub}  ${counted(blocks, 'block')}, ${counted(peers.length, 'peer')}`,
  )
}

function counted(count: number, what: string): string {
  return `${String(count)} ${what}${count === 1 ? '' : 's'}`
}

/** Said on stderr where peers have another forum of this name than the one here, or none is followed here yet. */
export async function noteRivals(
  context: CommandContext,
  client: Pick<ControlCaller, 'call'>,
  chain: string,
): Promise<void> {
  if (/^[$@]/.test(chain)) return
  const found = await client.call('chain.founder', { chain })
  const rivals = rivalsOf(found)
  if (rivals.length > 0) await context.note(rivalsNote(chain, found, rivals))
}

function rivalsOf({ founder, founders }: Founders): Founders['founders'] {
  return founders.filter(({ pub, blocks }) => blocks > 0 && pub !== founder)
}

function rivalsNote(chain: string, { founder }: Founders, rivals: Founders['founders']): string {
  const seen = seenLines({ founders: rivals }).join('; ')
  if (founder === undefined)
    return `no founder is chosen here, so nothing is taken from peers yet: ${seen}; \`freechains chain '${chain}' founder <pub>\` chooses`
  return (
    `peers here follow another founder, and none of their posts is in this forum, which follows ${founder}: ${seen}; ` +
    `\`freechains chains join '${chain}' --founder <pub> --instead\` leaves this one for that`
  )
}

/** After a forum was joined: finds whose there are, and lets a person choose. The only one is taken without asking. */
export async function settleFounder(context: CommandContext, chain: { id: string; name: string }): Promise<void> {
  const client = await context.client()
  const { name } = chain
  const found = await client.call('chain.founder', { chain: chain.id, find: true })
  if (!found.isOpen) return
  const rivals = rivalsOf(found)
  if (found.founder !== undefined) {
    if (rivals.length > 0) await context.note(rivalsNote(name, found, rivals))
    if (found.blocks === 0) await context.note(waitingNote(name, found.founder))
    return
  }
  if (rivals.length === 0) {
    await context.note(
      `nobody that can be reached has ${name}: what is found later is followed by itself, if it is the only one; an invite says ` +
        `whose it is; or found it by posting first`,
    )
    return
  }
  const isAsked = rivals.length > 1 && context.canAsk
  const pub = isAsked ? await askWhich(context, name, found) : found.only
  if (pub === undefined) {
    const seen = seenLines({ founders: rivals }).join('; ')
    await context.note(
      `no founder is chosen, so nothing is taken yet: ${counted(rivals.length, 'forum')} of this name: ${seen}; ` +
        `\`freechains chain '${name}' founder <pub>\` chooses`,
    )
    return
  }
  await client.call('chain.founder', { chain: chain.id, pub })
  const others = seenLines({ founders: rivals.filter((rival) => rival.pub !== pub) })
  const besides = others.length === 0 ? '' : `; others of this name: ${others.join('; ')}`
  const other = `\`freechains chains join '${name}' --founder <pub> --instead\``
  await context.note(
    isAsked
      ? `follows the founder ${pub}`
      : `follows the founder ${pub}, the only one that was found${besides}; ${other} takes another`,
  )
}

function waitingNote(name: string, founder: string): string {
  return (
    `nothing of the founder ${founder} has come yet: it comes by itself from the first peer that has it, and posts are held ` +
    `back until then (\`freechains chain '${name}' status\`)`
  )
}

/** @returns `undefined` for an empty answer: nobody */
async function askWhich({ io }: CommandContext, name: string, { founders }: Founders): Promise<string | undefined> {
  const founded = founders.filter(({ blocks }) => blocks > 0)
  const lines = seenLines({ founders: founded }).map((line, n) => `  ${String(n + 1)}  ${line}\n`)
  io.stderr.write(
    `There is more than one ${name}, each of another founder:\n${lines.join('')}Which? (a number; Enter: none for now) `,
  )
  const answer = (await lineOf(io)).trim()
  if (answer === '') return undefined
  const chosen = founded.find(({ pub }, n) => String(n + 1) === answer || pub === answer.toUpperCase())
  if (chosen === undefined) throw new CommandError(`none of them is “${answer}”: nobody is followed yet`)
  return chosen.pub
}

/** One line of stdin. */
async function lineOf({ stdin, signal }: Io): Promise<string> {
  let text = ''
  for await (const chunk of chunksOf(stdin, signal)) {
    text += Buffer.from(chunk).toString('utf8')
    if (text.includes('\n') || text.length > ANSWER_BYTES) break
  }
  return text.split('\n', 1)[0] ?? ''
}
