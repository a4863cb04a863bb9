/** `--help` (spec §11): every command has one, with an example that can be typed. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EXAMPLES } from '../../../../src/node/cli/examples.ts'
import { buildProgram } from '../../../../src/node/cli/program.ts'
import { CommandContext } from '../../../../src/node/cli/command-context.ts'
import { command, shell } from './rig.ts'

function pathsIn(group: Command, path = ''): string[] {
  const inner = group.commands.flatMap((one) => pathsIn(one, `${path} ${one.name()}`.trim()))
  return [path, ...inner]
}

const nothing = {} as never
const PATHS = pathsIn(buildProgram(new CommandContext(undefined, { stdout: {}, stderr: {} } as never, nothing)))

test('there are examples for every command, and for no command that is not there', () => {
  expect(Object.keys(EXAMPLES).sort()).toEqual([...PATHS].sort())
})

/** A command line with its chain or peer in place. */
function lineOf(path: string): string[] {
  const [group, ...rest] = path.split(' ')
  const subject =
    group === 'chain'
      ? '#chat'
      : group === 'peer' && !['list', 'add', 'remove'].includes(rest[0] ?? '')
        ? '10.0.0.2'
        : undefined
  return [group ?? '', ...(subject === undefined || rest.length === 0 ? [] : [subject]), ...rest].filter(
    (word) => word !== '',
  )
}

test.each(PATHS)('freechains %s --help says what it does and shows an example', async (path) => {
  const { status, out, err } = await command([...lineOf(path), '--help'])
  expect({ status, err }).toEqual({ status: 0, err: '' })
  expect(out).toMatch(/^Usage: freechains/)
  const [, examples = ''] = out.split(/^Examples?:$/m)
  expect(examples.trim().split('\n')).toEqual(
    (EXAMPLES[path] ?? []).map((line) => expect.stringContaining(line) as string),
  )
  expect(examples).toContain('  $ ')
})

test('the usage of what is about a chain or a peer has that in the middle, as it is typed', async () => {
  const usage = async (line: string): Promise<string> => (await command(shell(line))).out.split('\n')[0] ?? ''
  for (const path of PATHS.filter((one) => /^(chain|peer) /.test(one))) {
    const [group = '', name = ''] = path.split(' ')
    const middle = group === 'chain' ? ' <chain>' : ['list', 'add', 'remove'].includes(name) ? '' : ' <addr>'
    expect(await usage(`${path} --help`)).toMatch(new RegExp(`^Usage: freechains ${group}${middle} ${name}( |$)`))
  }
})

test.each([
  ['chain "#chat" get --help', ['chain get --help', 'help chain get', 'chain help get', 'help chain "#chat" get']],
  ['chain --help', ['chain help', 'help chain', 'chain "#chat" --help', 'chain "#chat" -h']],
  ['peer 10.0.0.2 send --help', ['peer send --help', 'help peer send', 'peer help send', 'peer send -h']],
  ['peer add --help', ['help peer add', 'peer help add']],
  ['peer --help', ['peer help', 'help peer', 'peer 10.0.0.2 --help']],
  ['chains join --help', ['help chains join', 'chains help join']],
])('the help of %s is found by other words, too', async (line, others) => {
  const help = await command(shell(line))
  expect(help).toMatchObject({ status: 0, err: '', calls: [] })
  for (const other of others) expect(await command(shell(other)), other).toEqual(help)
})

test('peer check --help is the help of check, whether it says which peer or not', async () => {
  const words = ['peer check --help', 'peer check 10.0.0.2 --help', 'peer 10.0.0.2 check --help']
  const [one, ...others] = await Promise.all(words.map((line) => command(shell(line))))
  expect(one).toMatchObject({ status: 0, out: expect.stringContaining('which step fails') as string })
  for (const other of others) expect(other).toEqual(one)
})

/** Examples that read and write nothing but the daemon's answers, as a shell would pass them. */
const TYPED = Object.values(EXAMPLES)
  .flat()
  .map((line) => line.replace(/ [<>|].*$/, ''))
  .filter((line) => line.startsWith('freechains '))

/** Where the examples write their files, one after the other. */
let home: string

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'fc-'))
})

afterAll(() => rm(home, { recursive: true, force: true }))

test.each(TYPED)('%s is understood', async (line) => {
  const words = shell(line)
    .slice(1)
    .map((word) => (word === 'ana.key' ? join(home, word) : word))
  const { status, err } = await command(words, { connectError: new Error('no daemon'), env: { HOME: home } })
  // Done, or failed for lack of a daemon or a file; never a usage error.
  expect({ isUnderstood: status !== 2, err }).toMatchObject({ isUnderstood: true })
})
