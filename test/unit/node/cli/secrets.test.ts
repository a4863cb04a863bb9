/** Secrets (spec §11): they need not stand on the command line, and who puts a private key there is told what that means. */
import { writeFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { METHODS } from '../../../../src/node/control/schema.ts'
import { command, shell } from './rig.ts'

const PVT = '96700A'.padEnd(128, '0')
const results = {
  'chain.post': { id: '1_A5EF', state: 'accepted' },
  'chain.like': { id: '2_A5EF' },
  'chain.get': Buffer.from('text').toString('base64'),
  'chains.join': { id: '0_A5EF' },
}
const WARNING = /^freechains: warning: a private key on the command line .*--sign=@FILE.*\n$/

describe('a private key on the command line', () => {
  test.each([
    ['chain "#chat" post inline x --sign', 'chain.post'],
    ['chain "#chat" like 1_A5EF --sign', 'chain.like'],
    ['chain "#chat" get payload 1_A5EF --decrypt', 'chain.get'],
  ])('%s=PVT works, and warns on stderr alone', async (line, method) => {
    const { status, out, err, calls } = await command(shell(`${line}=${PVT} --json`), { results })
    expect({ status, method: calls[0]?.[0] }).toEqual({ status: 0, method })
    expect(err).toMatch(WARNING)
    expect(err).not.toContain(PVT)
    expect(() => JSON.parse(out) as unknown).not.toThrow()
  })

  test('from a file, the environment or stdin there is nothing to warn of, nor with what is public or short', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'fc-'))
    onTestFinished(() => rm(dir, { recursive: true, force: true }))
    await writeFile(join(dir, 'key'), `${PVT}\n`)
    const post = 'chain "#chat" post inline x --sign'
    for (const from of [`=@${join(dir, 'key')}`, '=env:KEY', ' -', '=-']) {
      const { status, err, calls } = await command(shell(post + from), {
        results,
        env: { KEY: PVT },
        stdin: `${PVT}\n`,
      })
      expect({ status, err, calls }).toEqual({
        status: 0,
        err: '',
        calls: [['chain.post', { chain: '#chat', text: 'x', sign: PVT }]],
      })
    }
    expect((await command(shell(`chains join "#club" ${PVT.slice(0, 64)}`), { results })).err).toBe('')
  })
})

describe('an empty passphrase', () => {
  test.each([
    ["crypto pubpvt ''", ['crypto', 'pubpvt', ''], ''],
    ["crypto shared ''", ['crypto', 'shared', ''], ''],
    ['crypto pubpvt - with nothing', ['crypto', 'pubpvt', '-'], ''],
    ['crypto shared - with a line feed', ['crypto', 'shared', '-'], '\n'],
  ])('makes keys that everybody has, and is refused: %s', async (_what, argv, stdin) => {
    expect(await command(argv, { stdin })).toMatchObject({
      ...{ status: 1, out: '', calls: [] },
      err: 'freechains: the passphrase is empty: everybody would have the keys that it makes\n',
    })
  })

  test('is refused by the control port too', () => {
    for (const method of ['keys.shared', 'keys.pubpvt'] as const) {
      expect(METHODS[method].params.safeParse({ passphrase: '' }).success).toBe(false)
      expect(METHODS[method].params.safeParse({ passphrase: 'x' }).success).toBe(true)
    }
  })
})

describe('a key on stdin', () => {
  test('goes with a message from elsewhere', async () => {
    const { calls } = await command(shell('chains join "$family" -'), { results, stdin: ' 8889BB\n' })
    expect(calls).toEqual([['chains.join', { name: '$family', keys: ['8889BB'] }]])
    const both = await command(shell('chain "#chat" post - --sign=-'), { results, stdin: PVT })
    expect(both).toMatchObject({ status: 2, out: '', calls: [] })
    expect(both.err).toContain('the message is on stdin')
  })

  test.each([
    ['nothing', '', /no key on stdin/],
    ['too much', 'A'.repeat(70_000), /longer than 65536 bytes/],
  ])('that is %s is none', async (_what, stdin, says) => {
    const { status, err, calls } = await command(shell('chain "#chat" post inline x --sign=-'), { results, stdin })
    expect({ status, calls }).toEqual({ status: 1, calls: [] })
    expect(err).toMatch(says)
  })
})
