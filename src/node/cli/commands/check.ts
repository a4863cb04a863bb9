/** `check`: verifies the data directory of a stopped node by rebuilding everything (spec §5). Needs no daemon. */
import type { Command } from 'commander'
import { CommandError } from '../io.ts'
import type { CommandContext } from '../command-context.ts'

export function addCheckCommand(program: Command, context: CommandContext): void {
  program
    .command('check')
    .description('verify a data directory that no node uses: rebuild all that is stored of each chain, and compare')
    .argument('[dir]', 'data directory; otherwise the one in the config, else ~/.local/share/freechains')
    .option('--config <file>', 'config file')
    .action(async (dir: string | undefined, options: { readonly config?: string }) => {
      const lines: string[] = []
      const tell = async (line: string, isProblem: boolean): Promise<void> => {
        if (isProblem) await context.note(line)
        else lines.push(line)
      }
      const isWell = await context.modules.runVerify(
        {
          ...(dir === undefined ? {} : { dir }),
          ...(options.config === undefined ? {} : { configFile: options.config }),
        },
        tell,
      )
      await context.answerLines(lines, lines)
      if (!isWell)
        throw new CommandError('the data is damaged: see above; leave the chain and join it again to fetch it anew')
    })
}
