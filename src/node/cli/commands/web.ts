/** `web`: opens the page of the node in a browser (spec §11). */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Command } from 'commander'
import { stateDir } from '../config-dir.ts'
import { writeAside, type Io } from '../io.ts'
import { changeUserFile } from '../user-files.ts'
import type { CommandContext } from '../command-context.ts'

export function addWebCommand(program: Command, context: CommandContext): void {
  program
    .command('web')
    .description('open the page of the node in your browser, or print a link for another one')
    .option('--no-open', 'print the link alone')
    .action(async ({ open: isOpened }: { readonly open: boolean }) => {
      const result = await (await context.client()).call('host.page', {})
      await context.answer(result, result.link)
      const { io, modules } = context
      // A script, or a shell on another machine, has no screen.
      if (!isOpened || io.stdout.isTTY !== true) return
      try {
        await modules.openInBrowser(await fileThatOpens(result.link, io))
      } catch (error) {
        await writeAside(io, `no browser was opened (${String(error)}): open the link yourself`)
      }
    })
}

/**
 * A file of this user alone that takes a browser to the link. Every user of a machine can read the arguments of every program,
 * and could use the token before the browser has started. The next link takes the place of this one in the file.
 */
async function fileThatOpens(link: string, io: Io): Promise<string> {
  const path = join(stateDir(io.env), 'open-page.html')
  const html = `<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=${link}"><a href="${link}">the page</a>\n`
  await changeUserFile(path, io, () => html)
  return pathToFileURL(path).href
}
