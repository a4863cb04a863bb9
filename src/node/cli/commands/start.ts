/** `start`: runs the node in the foreground (spec §11). */
import type { Command } from 'commander'
import { UsageError } from '../io.ts'
import type { CommandContext } from '../command-context.ts'

interface StartOptions {
  readonly config?: string
  readonly listen: readonly string[]
  readonly testClock?: true
}

export function addStartCommand(program: Command, context: CommandContext): void {
  program
    .command('start')
    .description('run the node in the foreground, until Ctrl-C or `freechains stop`')
    .argument('[dir]', 'data directory; otherwise the one in the config, else ~/.local/share/freechains')
    .option('--config <file>', 'config file')
    .option('--listen <multiaddr>', 'libp2p address to listen on; may be repeated', collect, [])
    .option('--test-clock', 'let `freechains now MS` set the clock')
    .action(async (dir: string | undefined, options: StartOptions) => {
      const { host, port } = context
      if (host !== undefined) {
        const instead = 'set `control: ADDR:PORT` in the config file (--config FILE)'
        throw new UsageError(`start takes no --host: to have the control port elsewhere, ${instead}`)
      }
      await context.modules.runDaemon({
        ...(dir === undefined ? {} : { dir }),
        ...(options.config === undefined ? {} : { configFile: options.config }),
        ...(port === undefined ? {} : { controlPort: port }),
        listen: options.listen,
        testClock: options.testClock === true,
      })
    })
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value]
}
