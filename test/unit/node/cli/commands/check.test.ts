/** `freechains check` as a command: its options, its output, its exit status. */
import { expect, test } from 'vitest'
import { command, shell } from '../rig.ts'

test('check looks at the directory that was given, prints a line for each chain, and ends well', async () => {
  const { status, out, err, checked, endpoints } = await command(shell('check /data --config /etc/node.yaml'))
  expect([status, out, err]).toEqual([0, '#chat 2 blocks: told\n', ''])
  expect(checked).toEqual([{ dir: '/data', configFile: '/etc/node.yaml' }])
  expect(endpoints, 'it needs no daemon').toEqual([])
})

test('problems are told on stderr, with what to do, and the exit status is 1', async () => {
  const { status, out, err } = await command(['check'], { problems: ['#chat: k of block 2 is 1, stored as 0'] })
  expect([status, out]).toEqual([1, '#chat 2 blocks: told\n'])
  expect(err).toContain('k of block 2')
  expect(err).toMatch(/^freechains: .*join it again/m)
})

test('--json answers with the lines as a list', async () => {
  const { status, out } = await command(shell('check --json'))
  expect([status, JSON.parse(out)]).toEqual([0, ['#chat 2 blocks: told']])
})
