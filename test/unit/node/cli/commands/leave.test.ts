/** `chains leave` (spec §11): what would be lost is said before it goes, where somebody is there to hear it. */
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { command, shell, type Outcome } from '../rig.ts'

const results = {
  'chains.list': [
    { name: '#chat', id: '0_AB' },
    { name: '$old', id: '0_CD', leftOver: 3000 },
  ],
  'chain.status': { bytes: 5_000_000 },
  'chains.leave': ({ name }: { readonly name: string }) => name !== '#nowhere',
}

async function leave(line: string, answer?: string): Promise<Outcome> {
  const stdin = new PassThrough()
  if (answer !== undefined) stdin.write(`${answer}\n`)
  return await command(shell(line), { results, ...(answer === undefined ? {} : { stdin, canAsk: true }) })
}

const asked = ({ calls }: Outcome): unknown[] => calls.filter(([method]) => method === 'chains.leave')

test.each([
  ['chains leave "#chat"', 'delete #chat with 5 MiB from this node?'],
  ['chains leave "$old"', 'delete $old with 3 KiB from this node?'],
])('on a terminal it asks, with the bytes, and deletes after a yes alone: %s', async (line, question) => {
  const yes = await leave(line, 'yes')
  expect(yes).toMatchObject({ status: 0, out: 'true\n', err: expect.stringContaining(question) as string })
  expect(asked(yes)).toHaveLength(1)
  for (const answer of ['no', '', 'maybe']) {
    const no = await leave(line, answer)
    expect(no).toMatchObject({ status: 1, err: expect.stringContaining('nothing was deleted') as string })
    expect(asked(no)).toEqual([])
  }
})

test('--yes, or nobody to ask, deletes at once', async () => {
  for (const outcome of [await leave('chains leave "#chat" --yes', 'no'), await leave('chains leave "#chat"')]) {
    expect(outcome).toMatchObject({ status: 0, out: 'true\n', err: '' })
  }
})

test('a chain that is not there is an error', async () => {
  for (const outcome of [await leave('chains leave "#nowhere"'), await leave('chains leave "#nowhere"', 'no')]) {
    expect(outcome).toMatchObject({ status: 1, out: '' })
    expect(outcome.err).toContain('there is no chain #nowhere here')
  }
})
