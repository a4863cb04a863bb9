/**
 * §10, §11 The page in a real browser: two nodes, two people, each with a browser of his own. What is told here is one story, step
 * by step, since nodes and browsers are dear; each step is a test.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { parse } from 'yaml'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  BROWSER_MS,
  findChromium,
  inviteOf,
  joinBy,
  launch,
  makeChain,
  makeIdentity,
  reader,
  write,
  type Reader,
} from '../support/browser.ts'
import { author } from '../support/blocks.ts'
import { Playground, type Daemon, type DaemonConfig } from '../support/daemon.ts'
import { postSigned, privateKeyOf, signerOf } from '../../src/node/control/client/signing.ts'

let playground: Playground
let chromium: string | undefined
let browser: Browser
let anasNode: Daemon
let bobsNode: Daemon
let ana: Reader
let bob: Reader

beforeEach(({ skip }) => skip(chromium === undefined, 'no Chromium: `apt-get install chromium` has it'))

beforeAll(async () => {
  chromium = await findChromium()
  if (chromium === undefined) return
  playground = await Playground.open()
  browser = await launch(chromium)
  anasNode = await playground.start('ana', {})
  bobsNode = await playground.start('bob', {})
  ana = await reader(browser, (await anasNode.client.call('host.page', {})).link)
  bob = await reader(browser, (await bobsNode.client.call('host.page', {})).link)
}, BROWSER_MS + 60_000)

afterAll(async () => {
  if (chromium === undefined) return
  await browser.close()
  await playground.close()
})

/** Rules of WCAG 2.2 A and AA that the page breaks as it is now. */
async function broken(page: Page): Promise<string[]> {
  const results = await page.evaluate<{
    violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[]
  }>(`${axe.source}; axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })`)
  return results.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''} ${nodes[0]?.failureSummary ?? ''}`)
}

test('the link signs in, leaves no token in the address, and works once', async () => {
  expect(ana.page.url()).not.toContain('token')
  const { link } = await anasNode.client.call('host.page', {})
  const first = await reader(browser, link)
  await first.context.close()
  const other = await browser.newContext()
  const page = await other.newPage()
  await page.goto(link)
  await page.getByRole('heading', { name: 'Open the link again' }).waitFor()
  expect(await broken(page)).toEqual([])
  await other.close()
})

test('an identity is made in the page, kept encrypted, and unlocked again after a reload', async () => {
  await Promise.all([makeIdentity(ana.page, 'Ana'), makeIdentity(bob.page, 'Bob')])
  await ana.page.getByRole('button', { name: 'Show 24 words' }).click()
  const words = await ana.page.locator('.words li').allInnerTexts()
  expect(words).toHaveLength(24)
  expect(await broken(ana.page)).toEqual([])
  const kept = await ana.page.evaluate(() => JSON.stringify(localStorage))
  expect(kept).not.toContain('battery')
  expect(kept).not.toContain(words.slice(0, 3).join(' '))
  await ana.page.reload()
  await ana.page.getByLabel('Passphrase', { exact: true }).first().fill('wrong')
  await ana.page.getByRole('button', { name: 'Unlock' }).click()
  await ana.page.getByText('Wrong passphrase').waitFor()
  await ana.page.getByLabel('Passphrase', { exact: true }).first().fill('correct horse battery')
  await ana.page.getByRole('button', { name: 'Unlock' }).click()
  await ana.page.getByRole('button', { name: 'Lock', exact: true }).waitFor()
})

test('a forum is made, joined by invite, and what the pioneer writes is read on the other node', async () => {
  await makeChain(ana.page, 'Forum', 'bread')
  await write(ana.page, '# Sourdough\n\nWho has a **starter** to share?')
  await ana.page.getByRole('link', { name: 'Sourdough' }).waitFor()
  await joinBy(bob.page, await inviteOf(ana.page))
  await bob.page.getByRole('link', { name: 'Sourdough' }).click()
  expect(await bob.page.locator('.text strong').innerText()).toBe('starter')
})

test('a newcomer’s post waits, is welcomed by the pioneer, and is answered and liked', async () => {
  await bob.page.getByRole('link', { name: 'All threads' }).click()
  await write(bob.page, 'May I come in? I have one.')
  await bob.page.getByText('Waits for a welcome').first().waitFor()
  await ana.page.getByRole('button', { name: 'Welcome', exact: true }).click()
  await bob.page.getByRole('link', { name: 'May I come in?' }).click()
  await ana.page.getByRole('link', { name: 'May I come in?' }).click()
  await ana.page.getByRole('textbox', { name: 'Reply' }).fill('Gladly!')
  await ana.page.getByRole('button', { name: 'Send' }).click()
  await bob.page.getByText('Gladly!').waitFor()
  const reps = bob.page.locator('article', { hasText: 'I have one' }).locator('.reps [aria-hidden]')
  const before = Number(await reps.innerText())
  await ana.page.getByRole('button', { name: /^Like/ }).first().click()
  await expect.poll(async () => Number(await reps.innerText()), { timeout: 20_000 }).toBe(before + 1)
  expect(await broken(bob.page)).toEqual([])
})

test('an identity has a chain of its own', async () => {
  const { page } = bob
  await page.goto(new URL('/#/', page.url()).href)
  await page.getByRole('radio', { name: 'My identity' }).check()
  await page.getByRole('button', { name: 'Make', exact: true }).click()
  await write(page, 'a note of my own')
  await page.getByRole('link', { name: 'a note of my own' }).waitFor()
})

test('what a stranger writes is shown and never obeyed', async () => {
  const pioneer = signerOf(privateKeyOf(author(1).seed))
  const chain = '#corpus'
  const [client, { page }] = [anasNode.client, ana]
  await client.call('chains.join', { name: chain, keys: [pioneer.author] })
  const evil = CORPUS.map((text, at) => `entry ${String(at)}\n\n${text}`)
  for (const text of evil) await postSigned(client, { chain, text, type: 'text/markdown' }, pioneer)
  await postSigned(
    client,
    {
      chain,
      text: JSON.stringify({ name: '<img src=x onerror=hacked()>\u202Egnp' }),
      type: 'application/vnd.freechains.profile+json',
    },
    pioneer,
  )
  await postSigned(
    client,
    { chain, text: '<svg onload=hacked()>', type: 'image/svg+xml', name: '<b onclick=x>.svg' },
    pioneer,
  )
  await page.goto(new URL(`/#/c/${encodeURIComponent(chain)}`, page.url()).href)
  await page.evaluate('globalThis.hacked = () => { globalThis.wasHacked = true }')
  for (let at = 0; at < evil.length; at += 1) {
    await page.getByRole('link', { name: `entry ${String(at)}`, exact: true }).click()
    await page.locator('.post .text').first().waitFor()
    expect(await page.evaluate(DANGER), CORPUS[at]).toEqual([])
    expect(await page.locator('body').evaluate(({ textContent }) => textContent)).not.toMatch(UNSEEN)
    await page.getByRole('link', { name: 'All threads' }).click()
  }
  expect(await page.evaluate('globalThis.wasHacked')).toBeUndefined()
})

test('a group is a chat: live, with pictures, and it catches up without a reload after its node was away', async () => {
  await makeChain(ana.page, 'Group', 'kitchen')
  await joinBy(bob.page, await inviteOf(ana.page))
  await ana.page.getByRole('textbox', { name: 'Message' }).fill('tea?')
  await ana.page.keyboard.press('Enter')
  await bob.page.getByText('tea?').waitFor()
  const picture = await ana.page.evaluate(PICTURE)
  await bob.page
    .getByLabel('Picture or file')
    .setInputFiles({ name: 'cup.png', mimeType: 'image/png', buffer: Buffer.from(picture as string, 'base64') })
  await bob.page.getByRole('button', { name: 'Send' }).click()
  await expect
    .poll(async () => ana.page.locator('img.picture').evaluate((img) => (img as HTMLImageElement).naturalWidth), {
      timeout: 20_000,
    })
    .toBe(1600)
  expect(await broken(ana.page)).toEqual([])

  const [control, web, listen] = await placesOf(bobsNode)
  await bobsNode.stop()
  await bob.page.getByText('The node is away').waitFor()
  await ana.page.getByRole('textbox', { name: 'Message' }).fill('the kettle is on')
  await ana.page.keyboard.press('Enter')
  bobsNode = await playground.start('bob', {
    control,
    web,
    listen,
    chains: configured('bob'),
    peers: anasNode.addresses.slice(0, 1),
  })
  await bob.page.getByText('the kettle is on').waitFor()
})

test('home, the node, Portuguese, the dark and a phone’s width keep the rules too; all is reached by keys', async () => {
  const { page } = ana
  await page.goto(new URL('/#/', page.url()).href)
  await page.getByRole('heading', { name: 'Your chains' }).waitFor()
  await page.keyboard.press('Tab')
  expect(await broken(page)).toEqual([])
  await page.getByLabel('Language').selectOption('pt-BR')
  await page.getByRole('heading', { name: 'Suas cadeias' }).waitFor()
  await page.getByRole('button', { name: /^Cores/ }).click()
  expect(await broken(page)).toEqual([])
  await page.getByLabel('Idioma').selectOption('en')
  await page.goto(new URL('/#/node', page.url()).href)
  await page.getByRole('heading', { name: 'Chains on disk' }).waitFor()
  await page.setViewportSize({ width: 360, height: 720 })
  expect(await broken(page)).toEqual([])
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)

  await page.setViewportSize({ width: 1180, height: 800 })
  await page.goto(new URL('/#/c/%23bread', page.url()).href)
  await page.getByRole('button', { name: 'New post' }).waitFor()
  await page.locator('h1').click()
  await page.keyboard.press('n')
  await page.getByLabel('Your text').focus()
  await page.keyboard.type('typed without a mouse')
  await page.keyboard.press('Control+Enter')
  await page.getByRole('link', { name: 'typed without a mouse' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('textbox', { name: 'Reply' }).waitFor()
})

test('no script failed, and the policy had nothing to refuse', () => {
  expect([...ana.faults, ...bob.faults]).toEqual([])
})

/** The chains that a node joined, as its config file has them. */
function configured(name: string): NonNullable<DaemonConfig['chains']> {
  const text = readFileSync(join(playground.root, `${name}.yaml`), 'utf8')
  return (parse(text) as { chains: NonNullable<DaemonConfig['chains']> }).chains
}

async function placesOf(node: Daemon): Promise<[string, string, string]> {
  const { link } = await node.client.call('host.page', {})
  const [address = ''] = node.addresses
  return [`127.0.0.1:${String(node.controlPort)}`, new URL(link).host, address.replace(/\/p2p\/.*$/, '')]
}

const UNSEEN = /[\u202A-\u202E\u2066-\u2069\u200B]/

/** Elements and attributes that nothing of a stranger's may become. */
const DANGER = `[...document.querySelectorAll('.post .text *')].filter((element) =>
  /^(script|style|iframe|img|svg|math|form|input|object|embed|link|base|meta|video|audio)$/i.test(element.localName) ||
  [...element.attributes].some(({ name, value }) => /^on|^style$|^id$|^src/i.test(name) || (name === 'href' && !/^(https?|mailto):/i.test(value))) ||
  (element.localName === 'a' && !/noopener noreferrer/.test(element.rel))).map(({ outerHTML }) => outerHTML)`

/** A noisy picture, much larger than a block may be. */
const PICTURE = `(() => {
  const canvas = document.createElement('canvas')
  canvas.width = 2000; canvas.height = 1500
  const context = canvas.getContext('2d')
  for (let at = 0; at < 400; at++) { context.fillStyle = 'hsl(' + at * 37 % 360 + ' 70% 60%)'; context.fillRect(at * 53 % 2000, at * 97 % 1500, 160, 120) }
  return canvas.toDataURL('image/png').split(',')[1]
})()`

const CORPUS = [
  '<script>hacked()</script>',
  '<img src=x onerror=hacked()>',
  '<svg><script>hacked()</script></svg><svg onload=hacked()>',
  '[click](javascript:hacked())',
  '[click](JaVaScRiPt&colon;hacked())',
  '[click](data:text/html,<script>hacked()</script>)',
  '![x](x"onerror="hacked())',
  '<a href="https://good.example" onclick="hacked()" style="position:fixed">x</a>',
  '[https://bank.example](https://evil.example/)',
  '<iframe srcdoc="<script>parent.hacked()</script>"></iframe>',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=hacked()&gt;">',
  '<form id=app><input name=innerHTML></form>',
  '<base href="https://evil.example/"><meta http-equiv=refresh content="0;url=https://evil.example">',
  '<style>@import "https://evil.example/x.css"; body{display:none}</style>',
  'abc\u202Egnp.exe \u2066hidden\u2069 zero\u200Bwidth',
  'entity &#x202E;gnp.exe &#8203; &ZeroWidthSpace; `&#x202E;` [&#x202E;moc.knab](https://evil.example/)',
  '<noscript><p title="</noscript><img src=x onerror=hacked()>">',
  '`<img src=x onerror=hacked()>`',
  '[ref]: javascript:hacked()\n\n[ref]',
  '<https://example.com/"onmouseover="hacked()>',
]
