/** A real browser for tests of the page: Debian's Chromium, driven by playwright-core, which brings none of its own. */
import { existsSync, watch } from 'node:fs'
import { dirname } from 'node:path'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** `.ci/run` installs one meanwhile, and makes this file when that has ended. */
const DONE = process.env['FREECHAINS_BROWSER_DONE']
/** Longer than what `.ci/run` gives the installation. */
export const BROWSER_MS = 320_000

/** Where the browser is, if there is one. */
export async function findChromium(): Promise<string | undefined> {
  if (DONE !== undefined) await untilThere(DONE)
  return PLACES.find((path) => existsSync(path))
}

/** Resolves when there is such a file, or after {@link BROWSER_MS}. */
function untilThere(path: string): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      watcher.close()
      resolve()
    }
    const look = (): void => {
      if (existsSync(path)) end()
    }
    const watcher = watch(dirname(path), look)
    const timer = setTimeout(end, BROWSER_MS)
    // It may have been there before.
    look()
  })
}

/** Nothing is asked of any other machine. */
const QUIET = [
  ...[
    '--no-sandbox',
    '--disable-gpu',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
  ...['--no-first-run', '--disable-dev-shm-usage'],
]

export async function launch(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, headless: true, args: QUIET })
}

/** A person's own browser profile, with the page open; what the page complains of is kept. */
export interface Reader {
  readonly context: BrowserContext
  readonly page: Page
  /** Errors of scripts, and what the CSP refused. */
  readonly faults: string[]
}

export async function reader(browser: Browser, link: string): Promise<Reader> {
  const context = await browser.newContext({
    locale: 'en-GB',
    viewport: { width: 1180, height: 800 },
    colorScheme: 'light',
  })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    if (/content security policy/i.test(message.text())) faults.push(message.text())
  })
  page.on('dialog', (dialog) => void dialog.accept())
  await page.goto(link)
  await page.getByText('Connected').waitFor()
  return { context, page, faults }
}

export async function makeIdentity(page: Page, name: string): Promise<void> {
  await page.goto(new URL('/#/keys', page.url()).href)
  await page.getByLabel('Name (only you see it)').fill(name)
  await page.getByLabel('Passphrase', { exact: true }).last().fill('correct horse battery')
  await page.getByLabel('Passphrase, again').fill('correct horse battery')
  await page.getByRole('button', { name: 'Make an identity' }).last().click()
  await page.getByText('in use').waitFor()
}

export async function makeChain(page: Page, kind: 'Forum' | 'Group', name: string): Promise<void> {
  await page.goto(new URL('/#/', page.url()).href)
  await page.getByRole('radio', { name: kind }).check()
  await page.getByLabel('Name', { exact: true }).fill(name)
  await page.getByRole('button', { name: 'Make', exact: true }).click()
  await page.getByRole('heading', { level: 1, name }).waitFor()
}

export async function inviteOf(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Invite' }).click()
  return page.getByRole('textbox', { name: 'Invite' }).inputValue()
}

export async function joinBy(page: Page, invite: string): Promise<void> {
  await page.goto(new URL('/#/', page.url()).href)
  await page.getByLabel('Invite').fill(invite)
  await page.getByRole('button', { name: 'Join', exact: true }).click()
  await page.getByRole('button', { name: 'Invite' }).waitFor()
}

export async function write(page: Page, text: string): Promise<void> {
  await page.getByRole('button', { name: 'New post' }).click()
  await page.getByLabel('Your text').fill(text)
  await page.getByRole('button', { name: 'Send' }).click()
}
