/** The tree of commands (spec §11). The file of each command says what it does. */
import { Command, Help } from 'commander'
import { withoutKeys } from '../base/without-keys.ts'
import { VERSION } from '../base/version.ts'
import { addChainCommands } from './commands/chain.ts'
import { addChainsCommands } from './commands/chains.ts'
import { addCheckCommand } from './commands/check.ts'
import { addCompletionCommands } from './commands/completion.ts'
import { addExamples } from './examples.ts'
import { addHostCommands } from './commands/host.ts'
import { addInboxCommand } from './commands/inbox.ts'
import { seeHelp, UsageError } from './io.ts'
import { addCryptoCommands } from './commands/crypto.ts'
import { addKeysCommands } from './commands/keys.ts'
import { addMuteCommands } from './commands/mute.ts'
import { addNamesCommands } from './commands/names.ts'
import { addPeerCommands } from './commands/peer.ts'
import { sanitize } from './sanitize.ts'
import type { GlobalOptions, CommandContext } from './command-context.ts'
import { addWebCommand } from './commands/web.ts'
import { addStartCommand } from './commands/start.ts'
import { PEER_COMMANDS_WITHOUT_PEER } from './argument-order.ts'

/** Builds the tree; every command runs in `context`. */
export function buildProgram(context: CommandContext): Command {
  const { io } = context
  const program = new Command('freechains')
  program
    .description(
      'Freechains: peer-to-peer publish-subscribe. Commands talk to the daemon that `freechains start` runs.',
    )
    .version(VERSION)
    .option('--host <addr:port>', "the daemon's control port (default 127.0.0.1:8330)")
    .option('--port <n>', 'the same, by its port alone; for start, where to put it')
    .option('--json', 'answer in JSON, on one line')
    .option('--utc', 'show times in UTC, not in the local zone')
    .exitOverride()
    .configureHelp({ commandUsage: usageOf })
    .configureOutput({
      writeOut: (text) => context.printLater(text),
      writeErr: (text) => io.stderr.write(text),
    })
    .hook('preAction', (_program, action) => {
      context.globals = action.optsWithGlobals<GlobalOptions>()
      context.commandPath = pathOf(action)
      requireWords(action)
    })
  addStartCommand(program, context)
  addCheckCommand(program, context)
  addHostCommands(program, context)
  addWebCommand(program, context)
  addKeysCommands(program, context)
  addCryptoCommands(program, context)
  addNamesCommands(program, context)
  addMuteCommands(program, context)
  addInboxCommand(program, context)
  addChainsCommands(program, context)
  addChainCommands(program, context)
  addPeerCommands(program, context)
  addCompletionCommands(program, context)
  addExamples(program)
  sayWhereHelpIs(program)
  return program
}

/** Prints commander's errors on one line, with a pointer to the help of the command. */
function sayWhereHelpIs(command: Command): void {
  const words = (text: string): string =>
    sanitize(withoutKeys(text))
      .trim()
      .replace(/^error: /, 'freechains: ')
      .replaceAll(/\s*\n\s*/g, ' ')
  command.configureOutput({ outputError: (text, put) => put(`${words(text)}${seeHelp(pathOf(command))}\n`) })
  for (const inner of command.commands) sayWhereHelpIs(inner)
}

/** Path of a command, without the program. */
function pathOf(command: Command): string {
  return command.parent === null ? '' : `${pathOf(command.parent)} ${command.name()}`.trim()
}

/** The usage line: commands of `chain` and `peer` have the chain or peer in the middle. */
function usageOf(command: Command): string {
  const usual = new Help().commandUsage(command)
  const group = command.parent?.name()
  if (group === 'chain') return usual.replace(' chain ', ' chain <chain> ')
  if (group !== 'peer' || PEER_COMMANDS_WITHOUT_PEER.includes(command.name())) return usual
  return usual.replace(' peer ', ' peer <addr> ')
}

/** The noun in the question for an empty argument, by the argument's name. */
const ASKED_FOR: ReadonlyMap<string, string> = new Map([
  ['chain', 'chain'],
  ['id', 'id'],
  ['ids', 'id'],
  ['addr', 'address'],
  ['addr|id', 'peer'],
  ['id|pub|name', 'id, key or name'],
])

/** An empty shell variable leaves an empty word; the daemon would only say that it is too short. */
function requireWords(action: Command): void {
  for (const [at, argument] of action.registeredArguments.entries()) {
    const asked = ASKED_FOR.get(argument.name())
    const words: readonly unknown[] = [action.processedArgs[at]].flat()
    if (asked !== undefined && words.includes('')) throw new UsageError(`which ${asked}?`)
  }
}
