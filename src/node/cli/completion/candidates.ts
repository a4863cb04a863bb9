/**
 * Candidates for the word being completed (spec §11): commands, options and choices from commander's tree, chains and
 * peers from the daemon, and the user's names. It knows no shell.
 */
import type { Argument, Command, Option } from 'commander'
import { PEER_COMMANDS_WITHOUT_PEER, PEER_COMMANDS_BEFORE_PEER } from '../argument-order.ts'

export interface Candidate {
  readonly word: string
  /** A one-line description. */
  readonly about?: string
}

/** Sources outside the program; empty lists if they do not answer in time. */
export interface Sources {
  chains(): Promise<Candidate[]>
  peers(): Promise<Candidate[]>
  names(): Promise<Candidate[]>
  /** The user's own keys. */
  keys(): Promise<Candidate[]>
}

/**
 * @param words - the words before the one being completed
 * @param current - the part of it that is typed already
 */
export async function candidatesAt(
  program: Command,
  words: readonly string[],
  current: string,
  sources: Sources,
): Promise<Candidate[]> {
  const all = await possible(program, words, current, sources)
  return all.filter(({ word }) => word.startsWith(current))
}

async function possible(
  program: Command,
  words: readonly string[],
  current: string,
  sources: Sources,
): Promise<Candidate[]> {
  const place = placeOf(program, words)
  // Nothing is known about words after `--` and most option values; the shell then offers files.
  if (place.isAfterDashes) return []
  if (place.option !== undefined) return await optionValues(place.option, sources)
  if (current.startsWith('-') && current !== '-') return await optionsOf(program, place.command, current, sources)
  if (place.wants === 'chain') return await sources.chains()
  if (place.wants === 'peer') {
    const peers = await sources.peers()
    return isGroup(place.command) ? [...peers, ...commandsOf(place.command, mayPrecedePeer)] : peers
  }
  // There is a word in place of a command that is none.
  if (place.command.commands.length > 0 && place.given > 0) return []
  if (place.command.commands.length > 0) {
    return commandsOf(place.command, isGroup(place.command) ? mayFollowSubject : () => true)
  }
  const argument = place.command.registeredArguments[place.given] ?? variadic(place.command)
  return argument === undefined ? [] : await valuesOf(argument, place.command, sources)
}

interface Place {
  readonly command: Command
  /** Arguments that the command has already. */
  readonly given: number
  /** Set when the value of this option is being completed. */
  readonly option?: Option
  readonly isAfterDashes: boolean
  /** Set when the chain or peer of the command is being completed. */
  readonly wants?: 'chain' | 'peer'
  /** Whether the words name the chain or peer of the command. */
  readonly hasSubject: boolean
}

/** Follows the words down the tree, as `argument-order.ts` and commander will. */
function placeOf(program: Command, words: readonly string[]): Place {
  const taking = new Map(allOptions(program).map((option) => [option.long ?? '', option]))
  let command = program
  let given = 0
  let hasSubject = false
  let option: Option | undefined
  for (const word of words) {
    if (option !== undefined) option = undefined
    else if (word === '--') return { command, given, isAfterDashes: true, hasSubject }
    else if (word.startsWith('-') && word !== '-') option = taking.get(word)
    else if (awaitsSubject(command) && !hasSubject && !mayPrecedePeer(command, word)) hasSubject = true
    else {
      const inner = command.commands.find((one) => one.name() === word || one.aliases().includes(word))
      if (inner === undefined) given += 1
      else command = inner
    }
  }
  const wants =
    awaitsSubject(command) && !hasSubject ? ({ wants: command.name() === 'chain' ? 'chain' : 'peer' } as const) : {}
  return { command, given, ...(option === undefined ? {} : { option }), isAfterDashes: false, hasSubject, ...wants }
}

/** Whether the next word may be the command's chain or peer. */
function awaitsSubject(command: Command): boolean {
  return isGroup(command) || (command.parent?.name() === 'peer' && PEER_COMMANDS_BEFORE_PEER.includes(command.name()))
}

/** Whether the subcommands are about a chain or a peer in the middle. */
function isGroup(command: Command): boolean {
  return ['chain', 'peer'].includes(command.name()) && command.commands.length > 0
}

/** Whether a command of `peer` may stand in the peer's place. */
function mayPrecedePeer(command: Command, word: string): boolean {
  return command.name() === 'peer' && [...PEER_COMMANDS_WITHOUT_PEER, ...PEER_COMMANDS_BEFORE_PEER].includes(word)
}

function mayFollowSubject(command: Command, word: string): boolean {
  return command.name() !== 'peer' || !PEER_COMMANDS_WITHOUT_PEER.includes(word)
}

/** Options that take a value, of all commands: they may stand anywhere. */
function allOptions(command: Command): Option[] {
  return [...command.options.filter(({ required }) => required), ...command.commands.flatMap(allOptions)]
}

function commandsOf(command: Command, isWanted: (command: Command, word: string) => boolean): Candidate[] {
  const visible = command.createHelp().visibleCommands(command)
  return visible
    .filter((one) => one.name() !== 'help' && isWanted(command, one.name()))
    .map((one) => ({ word: one.name(), about: one.description() }))
}

async function optionsOf(program: Command, command: Command, current: string, sources: Sources): Promise<Candidate[]> {
  const options = [...command.options, ...(command === program ? [] : program.options)]
  const [name, value] = current.split('=', 2)
  const valued = value === undefined ? undefined : options.find(({ long }) => long === name)
  if (valued !== undefined) {
    return (await optionValues(valued, sources)).map((one) => ({ ...one, word: `${name ?? ''}=${one.word}` }))
  }
  return [
    ...options.map((option) => ({ word: option.long ?? '', about: option.description })),
    { word: '--help', about: 'what it does, and how it is used' },
  ]
}

async function optionValues(option: Option, sources: Sources): Promise<Candidate[]> {
  if (option.long === '--as') return await sources.keys()
  if (option.long === '--chain') return await sources.chains()
  return choicesOf(option)
}

function choicesOf(option: Option): Candidate[] {
  return (option.argChoices ?? []).map((word) => ({ word }))
}

function variadic(command: Command): Argument | undefined {
  return command.registeredArguments.find((argument) => argument.variadic)
}

async function valuesOf(argument: Argument, command: Command, sources: Sources): Promise<Candidate[]> {
  if (argument.argChoices !== undefined) return argument.argChoices.map((word) => ({ word }))
  const kinds = argument.name().split('|')
  // A chain to join is not among the joined ones.
  if (kinds.includes('chain')) return command.name() === 'join' ? [] : await sources.chains()
  if (kinds.includes('addr') && command.name() === 'remove') return await sources.peers()
  if (kinds.includes('name') && kinds.includes('pub')) return await sources.names()
  const isOwn = command.parent?.name() === 'keys' && !['new', 'import'].includes(command.name())
  return isOwn && kinds.includes('name') ? await sources.keys() : []
}
