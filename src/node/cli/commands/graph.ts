/** `chain <chain> graph`: draws blocks and their backs (spec §11). `graph/` has one file for each format. */
import { Option, type Command } from 'commander'
import type { ListedBlock } from '../../control/shapes.ts'
import { AddressBook } from '../address-book.ts'
import { drawDot } from '../graph/dot.ts'
import { drawnOf, type GenesisView } from '../graph/labels.ts'
import { layOut } from '../graph/layout.ts'
import { drawMermaid, tooMuchForMermaid } from '../graph/mermaid.ts'
import { drawSvg } from '../graph/svg.ts'
import { drawForTerminal } from '../graph/terminal.ts'
import { lastBlocks, parseLast } from '../last-blocks.ts'
import { NOTHING_AROUND } from '../log-context.ts'
import { logJson } from '../log-lines.ts'
import type { CommandContext } from '../command-context.ts'

/** One or two screens. */
const DEFAULT_LAST = 50

/** Payloads beyond this are not fetched: a label is one line. */
const TEXT_BYTES = 4 * 1024

const FORMATS = ['text', 'dot', 'mermaid', 'svg', 'json'] as const
type Format = (typeof FORMATS)[number]

interface GraphOptions {
  readonly last: number
  readonly format: Format
}

export function addGraphCommand(chain: Command, context: CommandContext): void {
  chain
    .command('graph')
    .description(
      'draw the last blocks and what they stand on, newest last: ● post, + like, - dislike, ? held, × hidden',
    )
    .option('--last <n>', 'how many blocks, held posts besides', parseLast, DEFAULT_LAST)
    .addOption(
      new Option('--format <format>', 'svg is a whole file, dot is for Graphviz').choices(FORMATS).default('text'),
    )
    .action(async ({ last, format }: GraphOptions) => {
      const [name, names] = [await context.chain(), await AddressBook.open(context.io)]
      const client = await context.client()
      const genesis = { id: await client.call('chain.genesis', { chain: name }), chain: name }
      const blocks = await lastBlocks(client, { chain: name, count: last, payloadBytes: TEXT_BYTES })
      const machine = { genesis: genesis.id, blocks: blocks.map((block) => logJson(block, NOTHING_AROUND, { names })) }
      if (format === 'json') {
        await context.answer(machine, JSON.stringify(machine))
        return
      }
      const drawing = draw(format, blocks, { genesis, names, context })
      if (format === 'text') await context.answerStyled(machine, drawing)
      else await context.answer(machine, drawing)
      const trouble = format === 'mermaid' && !context.isJson ? tooMuchForMermaid(drawing) : undefined
      if (trouble !== undefined) await context.note(trouble)
    })
}

interface Modules {
  readonly genesis: GenesisView
  readonly names: AddressBook
  readonly context: CommandContext
}

function draw(
  format: Exclude<Format, 'json'>,
  blocks: readonly ListedBlock[],
  { genesis, names, context }: Modules,
): string {
  const drawn = drawnOf(blocks, genesis, names)
  switch (format) {
    case 'text':
      return drawForTerminal(drawn, layOut(drawn), context.colors)
    case 'dot':
      return drawDot(drawn)
    case 'mermaid':
      return drawMermaid(drawn)
    case 'svg':
      return drawSvg(drawn, layOut(drawn))
  }
}
