/** Passphrases for key files: from a terminal without an echo, or from elsewhere; never from the command line (spec §11). */
import { isWeak } from '../../base/passphrase-strength.ts'
import type { CommandContext } from '../command-context.ts'
import { CommandError, UsageError } from '../io.ts'
import { readPassphraseFrom } from '../secrets.ts'
import { ask } from './prompt.ts'

export interface PassphraseOptions {
  /** `-`, `@FILE` or `env:NAME`; false with `--no-passphrase`. */
  readonly passphrase?: string | false
  readonly weak?: true
}

const WEAK = 'the passphrase is weak: who gets hold of the file can guess it; take five random words or more'

export const PASSPHRASE_FORMS = '- (stdin), @FILE or env:NAME'

/**
 * The passphrase for a new key; undefined if there is to be none. A weak one has to be told twice: typed again, or with
 * `--weak`. @throws {CommandError}
 */
export async function newPassphrase(
  name: string,
  { passphrase, weak }: PassphraseOptions,
  context: CommandContext,
): Promise<string | undefined> {
  const { io } = context
  if (passphrase === false || (passphrase === undefined && !context.canAsk)) return undefined
  const isAsked = passphrase === undefined
  const text = isAsked
    ? await ask(`Passphrase for ${name} (Enter: none): `, io, { isSecret: true })
    : await given(passphrase, context)
  if (text === '' && isAsked) return undefined
  if (text === '') throw new CommandError('the passphrase is empty: give one, or --no-passphrase')
  const isTooWeak = weak !== true && isWeak(text)
  if (isTooWeak && !isAsked) throw new CommandError(`${WEAK}, or say --weak to take it all the same`)
  if (isTooWeak) await context.note(`${WEAK}; type it again to take it all the same`)
  if (isAsked && (await ask(`The same again: `, io, { isSecret: true })) !== text) {
    throw new CommandError('the two are not the same: nothing was kept')
  }
  return text
}

/** The passphrase of a key that has one. @throws {CommandError} nobody can be asked */
export async function knownPassphrase(
  name: string,
  { passphrase }: PassphraseOptions,
  context: CommandContext,
): Promise<string> {
  if (typeof passphrase === 'string') return await given(passphrase, context)
  const { stdin, stderr } = context.io
  if (stdin.isTTY !== true || stderr.isTTY !== true) {
    throw new CommandError(`the key ${name} has a passphrase: give --passphrase with ${PASSPHRASE_FORMS}`)
  }
  return await ask(`Passphrase of ${name}: `, context.io, { isSecret: true })
}

async function given(from: string, { io }: CommandContext): Promise<string> {
  const read = await readPassphraseFrom(from, io)
  if (read === undefined)
    throw new UsageError(`--passphrase takes ${PASSPHRASE_FORMS}, for others can read the command line`)
  return read
}
