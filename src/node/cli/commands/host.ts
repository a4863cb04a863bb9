/** `stop`, `info`, `now`: the daemon itself (spec §11). */
import type { Command } from 'commander'
import type { ResultOf } from '../../control/schema.ts'
import { UsageError } from '../io.ts'
import type { CommandContext } from '../command-context.ts'

export function addHostCommands(program: Command, context: CommandContext): void {
  program
    .command('stop')
    .description('stop the daemon')
    .action(async () => {
      const result = await (await context.client()).call('host.stop', {})
      await context.answer(result, String(result))
    })

  program
    .command('info')
    .description('who this node is, where it listens, what it holds')
    .action(async () => {
      const info = await (await context.client()).call('host.info', {})
      await context.answer(info, showInfo(info))
    })

  program
    .command('now')
    .description("the daemon's clock in ms; with MS sets it (only after start --test-clock)")
    .argument('[ms]', 'ms since the epoch')
    .action(async (text: string | undefined) => {
      if (text !== undefined && !/^\d{1,16}$/.test(text)) throw new UsageError(`“${text}” is no time: expected ms`)
      const params = text === undefined ? {} : { ms: Number(text) }
      const now = await (await context.client()).call('host.now', params)
      await context.answer(now, String(now))
    })
}

function showInfo(info: ResultOf<'host.info'>): string {
  return [
    ...(info.warning === undefined ? [] : [`warning:  ${info.warning}`]),
    `version:  ${info.version}`,
    `peer id:  ${info.peerId}`,
    ...info.addresses.map((address) => `address:  ${address}`),
    `control:  ${info.control}`,
    `page:     ${info.page ?? `off: ${info.pageOff ?? 'this daemon knows none'}`}`,
    `data:     ${info.dataDir}`,
    `chains:   ${String(info.chains)}`,
    `peers:    ${String(info.peers)}`,
    ...(info.readOnly === undefined ? [] : [`read-only: ${info.readOnly}`]),
    `up:       ${String(Math.round(info.uptimeMs / 1000))} s`,
  ].join('\n')
}
