/** `chain <c> status`: the state of a chain, once or repeatedly (spec §10, §11). */
import type { Command } from 'commander'
import type { ResultOf } from '../../control/schema.ts'
import { pause } from '../../base/deadline.ts'
import { shortId, showTime, type Zone } from '../block-text.ts'
import { CommandError, write } from '../io.ts'
import { sanitize } from '../sanitize.ts'
import type { CommandContext } from '../command-context.ts'

type Status = ResultOf<'chain.status'>

/** Fast enough to show movement, slow enough to read. */
const WATCH_MS = 1_000

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

export function addStatusCommand(chain: Command, context: CommandContext): void {
  chain
    .command('status')
    .description('how much of the chain is here, how well it is in sync, and if nothing moves, why')
    .option('--watch', 'show it anew each second, until Ctrl-C; in a pipe, a line whenever it changed')
    .action(async (options: { readonly watch?: true }) => {
      if (options.watch === true) await watch(context)
      else {
        const status = await ask(context)
        await context.answer(status, showStatus(status, context.zone, context.subject('chain')))
      }
    })
}

async function ask(context: CommandContext): Promise<Status> {
  return (await context.client()).call('chain.status', { chain: await context.chain() })
}

/** Redraws in place on a terminal; elsewhere prints a line when something changed. */
async function watch(context: CommandContext): Promise<void> {
  const { stdout, signal } = context.io
  let before = ''
  let drawn = 0
  do {
    const status = await ask(context)
    if (context.isTerminal && !context.isJson) {
      const text = sanitize(showStatus(status, context.zone, context.subject('chain')))
      await write(stdout, `${drawn > 0 ? `\u001b[${String(drawn)}A\u001b[J` : ''}${text}\n`)
      drawn = text.split('\n').length
      continue
    }
    const line = context.isJson ? JSON.stringify(status) : summaryOf(status)
    if (line !== before) await context.answer(status, line)
    before = line
    // `ref`: when the daemon stops, only this timer keeps the process alive until it reports that.
  } while (await pause(WATCH_MS, signal, { ref: true }))
  throw new CommandError('interrupted')
}

/** All fields, one per line. */
export function showStatus(status: Status, zone: Zone, chain = 'CHAIN'): string {
  return [
    `state:    ${showState(status)}`,
    ...(status.warning === undefined ? [] : [`warning:  ${status.warning}`]),
    `blocks:   ${String(status.blocks)}`,
    `heads:    ${String(status.heads)}`,
    `held:     ${String(status.held)}`,
    `bytes:    ${String(status.bytes)}`,
    `missing:  ${String(status.missing)}`,
    ...(status.progress === undefined ? [] : [`progress: ${showProgress(status.progress)}`]),
    ...status.peers.map(({ id, lastSyncMs, state }) => {
      const last = lastSyncMs === null ? 'never' : showTime(lastSyncMs, zone)
      return `peer:     ${id} ${state}, last in sync ${last}`
    }),
    ...(status.founder === undefined ? [] : [`founder:  ${status.founder}`]),
    ...status.founders
      .filter(({ pub }) => pub !== status.founder)
      .map(({ pub, blocks, peers }) => `seen:     founder ${pub}, ${String(blocks)} blocks at ${peers.join(', ')}`),
    ...status.heldHere.map(({ id, heard }) => `yours:    ${shortId(id)} waits for a like; ${heardInWords(heard)}`),
    ...guestLines(status, chain),
    ...status.waiting.map(
      ({ id, posts }) => `waiting:  ${String(posts)} at ${id}, for a like: peer ${id} held '${chain}'`,
    ),
  ].join('\n')
}

function heardInWords(heard: number): string {
  return heard === 1 ? '1 peer heard of it' : `${String(heard)} peers heard of it`
}

/** Posts of others that wait to be welcomed here. */
function guestLines({ guests }: Status, chain: string): string[] {
  if (guests.length === 0) return []
  const lines = guests.map(({ id, heldBy }) => {
    const where = heldBy.length === 0 ? '' : ` from ${heldBy.join(', ')}`
    return `guest:    ${shortId(id)}${where} waits for a like`
  })
  return [...lines, `          freechains chain '${chain}' welcome [ID | all]`]
}

function summaryOf(status: Status): string {
  const { blocks, progress } = status
  const moving = progress === undefined ? '' : `; ${showProgress(progress)}`
  return `${showState(status)}; ${String(blocks)} blocks${moving}`
}

function showState({ state, why }: Status): string {
  return state === 'holding back' ? `${state} ${why}` : `${state} (${why})`
}

/** What came, what is missing, the rate, and the time left. */
export function showProgress(progress: NonNullable<Status['progress']>): string {
  const { blocks, bytes, missing, blocksPerSecond, bytesPerSecond, secondsLeft, from } = progress
  const left = secondsLeft === null ? 'nobody knows how long' : `${showSeconds(secondsLeft)} left`
  return [
    `${String(blocks)} blocks (${showBytes(bytes)}) so far`,
    `${String(missing)} to come`,
    `${String(blocksPerSecond)} blocks/s (${showBytes(bytesPerSecond)}/s)`,
    left,
    `from ${from.join(', ')}`,
  ].join('; ')
}

function showBytes(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10))
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power] ?? ''}`
}

function showSeconds(seconds: number): string {
  if (seconds < 120) return `${String(seconds)} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 120 ? `${String(minutes)} min` : `${String(Math.round(minutes / 60))} h`
}
