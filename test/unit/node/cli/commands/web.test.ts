/** `freechains web` (spec §11). */
import { expect, test } from 'vitest'
import { command, type FakeDaemon } from '../rig.ts'

const TOKEN = 'ab'.repeat(32)
const LINK = `http://127.0.0.1:8332/#token=${TOKEN}`

const run = async (words: readonly string[], daemon: FakeDaemon = {}) =>
  await command(words, { results: { 'host.page': { link: LINK } }, isTerminal: true, ...daemon })

test('the link is printed, and a browser is taken to it by a file that no other user can read', async () => {
  const { status, out, err, opened } = await run(['web'])
  expect([status, out, err]).toEqual([0, `${LINK}\n`, ''])
  expect(opened).toMatchObject([{ mode: 0o600, content: expect.stringContaining(`url=${LINK}"`) as string }])
  // Other users see with which arguments a browser is started.
  expect(opened[0]?.address).toMatch(/^file:\/\/\/.*\.html$/)
  expect(opened[0]?.address).not.toContain(TOKEN)
})

test.each([
  ['with --no-open', ['web', '--no-open'], {}],
  ['where no terminal is', ['web'], { isTerminal: false }],
])('%s the link is printed alone', async (_what, words, daemon) => {
  const { status, out, opened } = await run(words, daemon)
  expect([status, out, opened]).toEqual([0, `${LINK}\n`, []])
})

test('without a browser the user is asked to open the link', async () => {
  const { status, out, err } = await run(['web'], {
    noBrowser: Object.assign(new Error('spawn xdg-open ENOENT'), { code: 'ENOENT' }),
  })
  expect([status, out]).toEqual([0, `${LINK}\n`])
  expect(err).toMatch(/no browser was opened \(.*xdg-open.*\): open the link yourself/)
})

test('a node without a page says why', async () => {
  const { status, out, err, opened } = await run(['web'], {
    results: { 'host.page': new Error('something else has it') },
  })
  expect([status, out, opened]).toEqual([1, '', []])
  expect(err).toContain('something else has it')
})
