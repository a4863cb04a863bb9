/** `complete` (spec §11): the candidates with a daemon, without one, and with one that does not answer. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ClientError } from '../../../../../src/node/control/client/client-error.ts'
import { author } from '../../../../support/blocks.ts'
import { command, type FakeDaemon } from '../rig.ts'

const results = {
  'chains.list': [
    { name: '#chat', id: '0_AA' },
    { name: '#club', id: '0_CC' },
    { name: '$family', id: '0_BB' },
  ],
  'peer.list': [{ id: '12D3', addresses: ['/ip4/10.0.0.2/tcp/8331/p2p/12D3'], connected: true }],
}

async function words(line: string, daemon: FakeDaemon = { results }): Promise<string[]> {
  const { out, status, err } = await command(['complete', 'zsh', '--', `freechains ${line}`], {
    env: { HOME: '/nowhere' },
    ...daemon,
  })
  expect({ status, err }).toEqual({ status: 0, err: '' })
  return out
    .split('\n')
    .filter((one) => one !== '')
    .map((one) => one.split('\t')[0] ?? '')
}

describe('out of the commands themselves', () => {
  test.each([
    ['ch', ['check', 'chains', 'chain']],
    ['comp', ['completion']],
    ['crypto ', ['shared', 'pubpvt']],
    ['keys ex', ['export']],
    ['chains l', ['leave', 'list', 'listen']],
    ['chain "#chat" l', ['listen', 'log', 'like']],
    ['chain "#chat" heads b', ['blocked']],
    ['chain "#chat" post ', ['inline', 'file', '-']],
    ['chain "#chat" get ', ['block', 'payload']],
    ['chain "#chat" get payload 1_A5EF ', ['file']],
    ['chain "#chat" get payload 1_A5EF file ', []],
    ['chain "#chat" graph --fo', ['--format']],
    ['chain "#chat" graph --format ', ['text', 'dot', 'mermaid', 'svg', 'json']],
    ['chain "#chat" graph --format=s', ['--format=svg']],
    ['chain --sign x "#chat" po', ['post']],
    ['--json chain "#chat" --last 5 gra', ['graph']],
    ['chain "#chat" post --s', ['--sign']],
    ['chain "#chat" post inline -- --s', []],
    ['chain "#chat" post --sign ', []],
    ['start ', []],
    ['completion ', ['bash', 'zsh', 'fish']],
    ['peer 10.0.0.2 s', ['send']],
    ['peer 10.0.0.2 li', []],
    ['nosuch ', []],
  ])('freechains %s', async (line, expected) => {
    expect(await words(line)).toEqual(expected)
  })

  test('every option of a command and those for all, each with what it is for', async () => {
    const { out } = await command(['complete', 'fish', '--', 'freechains chain "#chat" log --'])
    const options = out
      .trim()
      .split('\n')
      .map((line) => line.split('\t'))
    expect(options.map(([word]) => word)).toEqual([
      '--last',
      '--follow',
      '--lens',
      '--trust',
      '--since',
      '--until',
      '--author',
      '--reply-to',
      '--type',
      '--before',
      '--version',
      '--host',
      '--port',
      '--json',
      '--utc',
      '--help',
    ])
    for (const [, about] of options) expect(about).toMatch(/\w{3}/)
  })
})

describe('out of the daemon', () => {
  test.each([
    ['chain ', ['#chat', '#club', '$family']],
    ["chain '#ch", ['#chat']],
    ['chains leave "#c', ['#chat', '#club']],
    ['peer ', ['/ip4/10.0.0.2/tcp/8331/p2p/12D3', 'list', 'add', 'remove', 'check']],
    ['peer check ', ['/ip4/10.0.0.2/tcp/8331/p2p/12D3']],
    ['peer 10.0.0.2 ch', ['chains', 'check']],
    ['peer check 10.0.0.2 ', ['#chat', '#club', '$family']],
    ['peer 10.0.0.2 check ', ['#chat', '#club', '$family']],
    ['peer 10.0.0.2 recv ', ['#chat', '#club', '$family']],
    ['chains join ', []],
    ['peer remove ', ['/ip4/10.0.0.2/tcp/8331/p2p/12D3']],
  ])('freechains %s', async (line, expected) => {
    expect(await words(line)).toEqual(expected)
  })

  test('that the line names', async () => {
    for (const line of ['--port=9000 chain ', 'chain --port 9000 ', 'chain --host=127.0.0.1:9000 ']) {
      const { endpoints } = await command(['complete', 'bash', '--', `freechains ${line}`], { results })
      expect(endpoints).toEqual([{ host: '127.0.0.1', port: 9000 }])
    }
  })

  test('and nothing, without a word about it, if there is none or the line names it wrongly', async () => {
    expect(await words('chain ', { connectError: new ClientError('no-daemon', 'none') })).toEqual([])
    expect(await words('--port=http chain ')).toEqual([])
    expect(await words('chain "#chat" gra', { connectError: new ClientError('no-daemon', 'none') })).toEqual(['graph'])
  })
})

test('names of the user stand where one can be typed', async () => {
  const home = await mkdtemp(join(tmpdir(), 'fc-'))
  onTestFinished(() => rm(home, { recursive: true, force: true }))
  const env = { HOME: home }
  await command(['names', 'add', author(2).author, 'bob'], { env })
  expect(await words('chain "#chat" reps b', { env })).toEqual(['bob'])
  expect(await words('names remove ', { env })).toEqual(['bob'])
})

test('a chain or an address that a peer made up cannot end its line', async () => {
  const evil = { 'peer.list': [{ id: '1', addresses: ['/dns4/a\u001b[2J\nb'], connected: false }] }
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { out } = await command(['complete', shell, '--', 'freechains peer /'], { results: evil })
    expect(out.split('\n')).toHaveLength(2)
    expect(out).not.toContain('\u001b')
  }
})
