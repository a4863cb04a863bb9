/**
 * The `freechains` command (spec §11): builds the commands, parses the words, runs one, and turns how it ended into an
 * exit status: 0 done, 1 refused or failed, 2 not understood, 130 interrupted.
 */
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { ClientError } from '../control/client-error.ts'
import { addCheckCommand } from './check.ts'
import { addChainCommands } from './chain.ts'
import { addChainsCommands } from './chains.ts'
import { addHostCommands } from './host.ts'
import { CommandError, ReaderGone, UsageError, write, type CliModules, type Io } from './io.ts'
import { addKeyCommands } from './keys.ts'
import { addPeerCommands } from './peer.ts'
import { Session, type GlobalOptions } from './session.ts'
import { addStartCommand } from './start.ts'
import { arrange } from './words.ts'

const DONE = 0
const FAILED = 1
const NOT_UNDERSTOOD = 2
const INTERRUPTED = 130

/** Runs one command line (without `node` and the script) and gives its exit status. Never rejects for what users do. */
export async function run(argv: readonly string[], io: Io, modules: CliModules): Promise<number> {
  let session: Session | undefined
  try {
    // Built once to know which options take a value, which is what the order of words hangs on.
    const takesValue = valueOptions(build(new Session(undefined, io, modules), io))
    const { args, subject } = arrange(argv, (option) => takesValue.has(option))
    session = new Session(subject, io, modules)
    await build(session, io).parseAsync(args, { from: 'user' })
    return DONE
  } catch (error) {
    return await statusOf(error, io)
  } finally {
    session?.close()
  }
}

function build(session: Session, io: Io): Command {
  const program = new Command('freechains')
  program
    .description(
      'Freechains: peer-to-peer publish-subscribe. Commands talk to the daemon that `freechains start` runs.',
    )
    .version(version())
    .option('--host <addr:port>', "the daemon's control port (default 127.0.0.1:8330)")
    .option('--port <n>', 'the same, by its port alone; for start, where to put it')
    .option('--json', 'answer in JSON, on one line')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: (text, put) =>
        put(
          `${text
            .trim()
            .replace(/^error: /, 'freechains: ')
            .replaceAll(/\s*\n\s*/g, ' ')}\n`,
        ),
    })
    .hook('preAction', (_program, action) => {
      session.globals = action.optsWithGlobals<GlobalOptions>()
    })
  addStartCommand(program, session)
  addCheckCommand(program, session)
  addHostCommands(program, session)
  addKeyCommands(program, session)
  addChainsCommands(program, session)
  addChainCommands(program, session)
  addPeerCommands(program, session)
  return program
}

function valueOptions(command: Command): ReadonlySet<string> {
  const own = command.options.filter((option) => option.required).map((option) => option.long ?? '')
  return new Set([...own, ...command.commands.flatMap((inner) => [...valueOptions(inner)])])
}

async function statusOf(error: unknown, io: Io): Promise<number> {
  if (error instanceof ReaderGone) return DONE
  if (io.signal.aborted) return INTERRUPTED
  if (error instanceof CommanderError) {
    const isAsked = ['commander.helpDisplayed', 'commander.help', 'commander.version'].includes(error.code)
    return isAsked && error.exitCode === 0 ? DONE : NOT_UNDERSTOOD
  }
  const isUsage = error instanceof UsageError || (error instanceof ClientError && error.code === 'bad-params')
  await write(io.stderr, `freechains: ${describe(error)}\n`).catch(() => undefined)
  return isUsage ? NOT_UNDERSTOOD : FAILED
}

function describe(error: unknown): string {
  if (error instanceof UsageError) return `${error.message} (see freechains --help)`
  if (error instanceof CommandError || error instanceof ClientError) return error.message
  // A refusal to start is a ControlError; its module is loaded with the daemon alone.
  if (error instanceof Error && error.name === 'ControlError') return error.message
  return `a defect in freechains: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
}

/** From package.json, which lies as far above `src/node/cli` as above `dist/node/cli`. */
function version(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
