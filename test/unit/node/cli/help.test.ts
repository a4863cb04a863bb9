/** `--help` (spec §11): every command has one, with an example that can be typed. */
import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { EXAMPLES } from '../../../../src/node/cli/examples.ts'
import { buildProgram } from '../../../../src/node/cli/program.ts'
import { Session } from '../../../../src/node/cli/session.ts'
import { command, shell } from './rig.ts'

function pathsIn(group: Command, path = ''): string[] {
  const inner = group.commands.flatMap((one) => pathsIn(one, `${path} ${one.name()}`.trim()))
  return [path, ...inner]
}

const nothing = {} as never
const PATHS = pathsIn(buildProgram(new Session(undefined, { stdout: {}, stderr: {} } as never, nothing)))

test('there are examples for every command, and for no command that is not there', () => {
  expect(Object.keys(EXAMPLES).sort()).toEqual([...PATHS].sort())
})

/** A line with what it is about in its place. */
function lineOf(path: string): string[] {
  const [group, ...rest] = path.split(' ')
  const subject =
    group === 'chain' ? '#chat' : group === 'peer' && !['list', 'add'].includes(rest[0] ?? '') ? '10.0.0.2' : undefined
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

test('peer check --help is the help of check, whether it says which peer or not', async () => {
  const words = ['peer check --help', 'peer check 10.0.0.2 --help', 'peer 10.0.0.2 check --help']
  const [one, ...others] = await Promise.all(words.map((line) => command(shell(line))))
  expect(one).toMatchObject({ status: 0, out: expect.stringContaining('which step fails') as string })
  for (const other of others) expect(other).toEqual(one)
})

/** What reads and writes nothing but the daemon's answers, as a shell would pass it. */
const TYPED = Object.values(EXAMPLES)
  .flat()
  .map((line) => line.replace(/ [<>|].*$/, ''))
  .filter((line) => line.startsWith('freechains '))

test.each(TYPED)('%s is understood', async (line) => {
  const { status, err } = await command(shell(line).slice(1), {
    connectError: new Error('no daemon'),
    env: { HOME: '/nowhere' },
  })
  // Done, or refused for want of a daemon or a file: never a usage error.
  expect({ isUnderstood: status !== 2, err }).toMatchObject({ isUnderstood: true })
})
