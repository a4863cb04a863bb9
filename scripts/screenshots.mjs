// Pictures of the page for docs/screenshots: two nodes with a little life in them, and Debian's Chromium. `npm run build` first.
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const top = fileURLToPath(new URL('..', import.meta.url))
const { connect } = await import('../dist/node/control/client/index.js')
const target = process.argv[2] ?? join(top, 'docs/screenshots')
const root = await mkdtemp(join(tmpdir(), 'fc-shots-'))
const children = []

try {
  await mkdir(target, { recursive: true })
  const [ana, bob] = [await start('ana'), await start('bob')]
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  })
  const [one, two] = [await open(browser, ana, 'Ana', 'light'), await open(browser, bob, 'Bob', 'light')]
  await tell(one, two)
  await shoot(one, two)
  await browser.close()
} finally {
  for (const child of children) child.kill('SIGKILL')
  await rm(root, { recursive: true, force: true, maxRetries: 5 })
}

async function start(name) {
  const file = join(root, `${name}.yaml`)
  const discovery = { dht: false, mdns: false }
  const config = {
    dataDir: join(root, name),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    control: '127.0.0.1:0',
    discovery,
    chains: [],
  }
  await writeFile(file, JSON.stringify(config), { mode: 0o600 })
  const env = { ...process.env, HOME: root, XDG_STATE_HOME: join(root, 'state') }
  const child = spawn(process.execPath, [join(top, 'dist/node/main.js'), 'start', '--config', file], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  children.push(child)
  let port = 0
  for await (const line of createInterface({ input: child.stdout })) {
    port ||= Number(/^control port: \S+:(\d+)$/.exec(line)?.[1] ?? 0)
    if (line === 'try:') break
  }
  return connect({ host: '127.0.0.1', port, stateDir: join(root, 'state', 'freechains') })
}

async function open(browser, node, name, colorScheme) {
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1120, height: 720 }, colorScheme })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  await page.goto((await node.call('host.page', {})).link)
  await page.getByText('Connected').waitFor()
  await go(page, '#/keys')
  await page.getByLabel('Name (only you see it)').fill(name)
  await page.getByLabel('Passphrase', { exact: true }).fill('correct horse battery')
  await page.getByLabel('Passphrase, again').fill('correct horse battery')
  await page.getByRole('button', { name: 'Make an identity' }).last().click()
  await page.getByText('in use').waitFor()
  return page
}

async function go(page, hash) {
  await page.goto(new URL(`/${hash}`, page.url()).href)
}

async function make(page, kind, name) {
  await go(page, '#/')
  await page.getByRole('radio', { name: kind }).check()
  await page.getByLabel('Name', { exact: true }).fill(name)
  await page.getByRole('button', { name: 'Make', exact: true }).click()
  await page.getByRole('button', { name: 'Invite' }).click()
  return page.getByRole('textbox', { name: 'Invite' }).inputValue()
}

async function enter(page, invite) {
  await go(page, '#/')
  await page.getByLabel('Invite').fill(invite)
  await page.getByRole('button', { name: 'Join', exact: true }).click()
  await page.getByRole('button', { name: 'Invite' }).waitFor()
}

async function call(page, name) {
  await page.locator('.more summary').click()
  await page.getByLabel('Your name in this chain').fill(name)
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved.').waitFor()
  await page.locator('.more summary').click()
}

async function write(page, text) {
  await page.getByRole('button', { name: 'New post' }).click()
  await page.getByLabel('Your text').fill(text)
  await page.getByRole('button', { name: 'Send' }).click()
  await page.getByRole('button', { name: 'New post' }).waitFor()
}

async function say(page, text) {
  await page.getByRole('textbox', { name: 'Message' }).fill(text)
  await page.keyboard.press('Enter')
}

async function tell(one, two) {
  const forum = await make(one, 'Forum', 'bread')
  await one.getByRole('button', { name: 'Close', exact: true }).first().click()
  await call(one, 'Ana')
  await write(
    one,
    'Sourdough for a cold kitchen\n\nAt 16 °C mine takes **twice** as long. What works for you?\n\n- a box with a lamp in it\n- more starter: 30 %\n\nThe [chart I use](https://example.org/chart) says 9 hours.',
  )
  await write(one, 'Which flour do you buy?')
  await enter(two, forum)
  await write(two, 'May I come in? I have baked rye for ten years, and I have a starter to share.')
  await one.getByRole('button', { name: 'Welcome', exact: true }).waitFor()
  await picture(one, 'forum.png')
  await one.getByRole('button', { name: 'Welcome', exact: true }).click()
  await two.getByRole('link', { name: 'May I come in?' }).waitFor()
  await one.getByRole('link', { name: 'Sourdough' }).click()
  await one.getByRole('textbox', { name: 'Reply' }).fill('The lamp won: `24 °C` all night, and it was done at six.')
  await one.getByRole('button', { name: 'Send' }).click()
  await one.locator('.answers article').waitFor()
  await picture(one, 'thread.png')
  await enter(two, await make(one, 'Group', 'kitchen'))
  await one.getByRole('button', { name: 'Close', exact: true }).first().click()
  await say(one, 'Tea at four? I have the **rye** from yesterday.')
  await two.getByText('Tea at four').waitFor()
  await say(two, 'On my way!')
  await one.getByText('On my way').waitFor()
  await say(one, 'Bring the starter, please: mine sleeps.')
  await two.getByText('mine sleeps').waitFor()
}

/** As a reader has it a moment later: peers have met, and what was told has been read. */
async function picture(page, name) {
  const close = page.locator('.notice button')
  if (await close.isVisible()) await close.click()
  const facts = page.locator('.head .facts')
  if (await facts.isVisible()) await facts.getByText('1 peer in sync').waitFor()
  await page.screenshot({ path: join(target, name) })
}

async function shoot(one, two) {
  await picture(one, 'chat.png')
  await go(one, '#/node')
  await one.getByRole('heading', { name: 'Chains on disk' }).waitFor()
  await picture(one, 'node.png')
  await go(two, '#/')
  await two.getByRole('button', { name: /^Colours/ }).click()
  await two.getByRole('heading', { name: 'Your chains' }).waitFor()
  await picture(two, 'home-dark.png')
  await go(two, '#/c/%24kitchen')
  await two.setViewportSize({ width: 390, height: 720 })
  await two.getByText('mine sleeps').waitFor()
  await picture(two, 'phone.png')
}
