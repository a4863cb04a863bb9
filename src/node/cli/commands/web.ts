/** `web`: opens the page of the node in a browser (spec §11). */
import type { Command } from 'commander'
import { writeAside } from '../io.ts'
import type { CommandContext } from '../command-context.ts'

export function addWebCommand(program: Command, context: CommandContext): void {
  program
    .command('web')
    .description('open the page of the node in your browser, or print a link for another one')
    .option('--no-open', 'print the link alone')
    .action(async ({ open: isOpened }: { readonly open: boolean }) => {
      const result = await (await context.client()).call('host.page', {})
      await context.answer(result, result.link)
      const { io } = context
      // A script, or a shell on another machine, has no screen.
      if (!isOpened || io.stdout.isTTY !== true) return
      const why = await openPage(result.link)
      if (why !== undefined) await writeAside(io, `no browser was opened (${why}): open the link yourself`)
    })
}

/** Resolves to why it cannot be opened. */
async function openPage(link: string): Promise<string | undefined> {
  try {
    // Loaded here alone: every other command starts quicker without it.
    const { default: open } = await import('open')
    const opener = await open(link)
    return await new Promise((resolve) => {
      opener.once('error', (error) => resolve(error.message))
      opener.once('spawn', () => resolve(undefined))
    })
  } catch (error) {
    return String(error)
  }
}
