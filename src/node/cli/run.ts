/**
 * The `freechains` command (spec §11): arranges and parses the words, runs the command, and turns its end into an exit
 * status: 0 done, 1 refused or failed, 2 not understood, 130 interrupted.
 */
import { CommanderError, type Command } from 'commander'
import { withoutPrivateKeys } from '../base/without-keys.ts'
import { ClientError } from '../control/client/client-error.ts'
import { CommandError, Interrupted, ReaderGone, seeHelp, UsageError, write, type CliModules, type Io } from './io.ts'
import { sanitize, sanitizeLine } from './sanitize.ts'
import { buildProgram } from './program.ts'
import { CommandContext } from './command-context.ts'
import { arrange } from './argument-order.ts'

const DONE = 0
const FAILED = 1
const NOT_UNDERSTOOD = 2
const INTERRUPTED = 130

/**
 * Runs one command line (without `node` and the script). Resolves to the exit status; never rejects for a user's error.
 */
export async function run(argv: readonly string[], io: Io, modules: CliModules): Promise<number> {
  let context: CommandContext | undefined
  try {
    // Built a first time to learn which options take a value: the order of the words depends on it.
    const takesValue = valueOptions(buildProgram(new CommandContext(undefined, io, modules)))
    const { args, subject } = arrange(argv, (option) => takesValue.has(option))
    context = new CommandContext(subject, io, modules)
    await buildProgram(context).parseAsync(args, { from: 'user' })
    return DONE
  } catch (error) {
    return await statusOf(await afterHelp(error, context), io, { path: context?.commandPath, isJson: asksJson(argv) })
  } finally {
    context?.close()
  }
}

/** Prints the help that ended the command. @returns why it cannot be printed, else the error itself */
async function afterHelp(error: unknown, context: CommandContext | undefined): Promise<unknown> {
  try {
    await context?.printNow()
    return error
  } catch (failure) {
    return failure
  }
}

function valueOptions(command: Command): ReadonlySet<string> {
  const own = command.options.filter((option) => option.required).map((option) => option.long ?? '')
  return new Set([...own, ...command.commands.flatMap((inner) => [...valueOptions(inner)])])
}

interface Failing {
  /** Path of the command. */
  readonly path: string | undefined
  readonly isJson: boolean
}

async function statusOf(error: unknown, io: Io, { path, isJson }: Failing): Promise<number> {
  if (error instanceof ReaderGone) return DONE
  if (io.signal.aborted || error instanceof Interrupted) return INTERRUPTED
  if (error instanceof CommanderError) {
    const isAsked = ['commander.helpDisplayed', 'commander.help', 'commander.version'].includes(error.code)
    return isAsked && error.exitCode === 0 ? DONE : NOT_UNDERSTOOD
  }
  const isUsage = error instanceof UsageError || (error instanceof ClientError && error.code === 'bad-params')
  const message = describe(error, path)
  const code = error instanceof ClientError ? error.code : isUsage ? 'usage' : 'failed'
  const line = isJson ? JSON.stringify({ error: { code, message } }) : `freechains: ${message}`
  await write(io.stderr, `${line}\n`).catch(() => undefined)
  return isUsage ? NOT_UNDERSTOOD : FAILED
}

/** By the words: the line may be what cannot be parsed. */
function asksJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return argv.slice(0, end === -1 ? argv.length : end).includes('--json')
}

function describe(error: unknown, commandPath: string | undefined): string {
  if (error instanceof UsageError) return sanitizeLine(withoutPrivateKeys(error.message) + seeHelp(commandPath))
  if (error instanceof CommandError || error instanceof ClientError)
    return sanitizeLine(withoutPrivateKeys(error.message))
  // A failed start is a ControlError, recognised by name: importing its class would load the daemon's modules for every
  // command.
  if (error instanceof Error && error.name === 'ControlError') return error.message
  const defect = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return sanitize(withoutPrivateKeys(`a defect in freechains: ${defect}`))
}
