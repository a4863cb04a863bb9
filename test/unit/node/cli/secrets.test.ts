/** Secrets (spec §11): they can be kept off the command line, and a private key there gives a warning. */
import { writeFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { METHODS } from '../../../../src/node/control/schema.ts'
import { command, PUB, PVT, shell } from './rig.ts'

const results = {
  'chain.post': { id: '1_A5EF', state: 'accepted' },
  'chain.like': { id: '2_A5EF' },
  'chain.get': Buffer.from('text').toString('base64'),
  'chains.join': { id: '0_A5EF' },
}
const warning = (what: string, instead: string): string =>
  `freechains: warning: ${what} on the command line can be read by other users of this machine (ps), and stays in ` +
  `the shell's history; ${instead}, env:NAME or - (stdin) keep it to yourself\n`

describe('a private key on the command line', () => {
  test.each([
    ['chain "#chat" post inline x --sign', 'chain.post'],
    ['chain "#chat" like 1_A5EF --sign', 'chain.like'],
    ['chain "#chat" get payload 1_A5EF --decrypt', 'chain.get'],
  ])('%s=PVT works, and warns on stderr alone', async (line, method) => {
    const { status, out, err, calls } = await command(shell(`${line}=${PVT} --json`), { results })
    expect({ status, method: calls[0]?.[0] }).toEqual({ status: 0, method })
    expect(err).toBe(warning('a private key', `${line.split(' ').at(-1) ?? ''}=@FILE`))
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
        calls: [['chain.post', { chain: '#chat', text: 'x', author: PUB }]],
      })
    }
    expect((await command(shell(`chains join "#club" ${PVT.slice(0, 64)}`), { results })).err).toBe('')
  })
})

test("a group's shared key on the command line warns too, beside an invite as well; from elsewhere it does not", async () => {
  const key = PVT.slice(0, 64)
  for (const line of [`chains join "$family" ${key}`, `chains join freechains:1:abc ${key}`]) {
    const { status, err } = await command(shell(line), { results })
    expect({ status, err }).toEqual({ status: 0, err: warning("a group's shared key", '@FILE') })
  }
  const { err } = await command(shell('chains join "$family" env:KEY'), { results, env: { KEY: key } })
  expect(err).toBe('')
})

describe('an invite', () => {
  const invited = [['chains.join', { invite: 'freechains:1:abcdef' }]]
  const WRAPPED = '\n freechains:1:abc\r\n  def\n'

  test('comes from a file, the environment or stdin, whatever white space is in it', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'fc-'))
    onTestFinished(() => rm(dir, { recursive: true, force: true }))
    await writeFile(join(dir, 'invite.txt'), WRAPPED)
    for (const word of [`@${join(dir, 'invite.txt')}`, 'env:INVITE', '-', WRAPPED]) {
      const { status, err, calls } = await command(['chains', 'join', word], {
        results,
        env: { INVITE: WRAPPED },
        stdin: WRAPPED,
      })
      expect({ status, err, calls }).toEqual({ status: 0, err: '', calls: invited })
    }
  })

  test('a chain with an owner stays a chain, and a wrong key of one is not looked for as a file', async () => {
    for (const name of [`@${PVT.slice(0, 64)}`, `@!${PVT.slice(0, 64)}`, '@EB172E']) {
      const { calls } = await command(['chains', 'join', name], { results })
      expect(calls).toEqual([['chains.join', { name }]])
    }
    const missing = await command(['chains', 'join', '@nowhere.txt'], { results })
    expect(missing).toMatchObject({ status: 1, calls: [] })
    expect(missing.err).toMatch(/^freechains: cannot read the invite in nowhere\.txt: no such file/)
  })

  test.each([
    ['freechain:1:secret', '', 2],
    ['@freechains:1:secret', '', 2],
    ['-', 'secret', 1],
    ['env:INVITE', '', 1],
  ])('that is none is not repeated in the error: %s', async (word, stdin, status) => {
    const refused = await command(['chains', 'join', word], { results, stdin, env: { INVITE: 'secret' } })
    expect(refused).toMatchObject({ status, out: '', calls: [] })
    expect(refused.err).toMatch(/invite/)
    expect(refused.err).not.toContain('secret')
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

describe('text that is no UTF-8 would become another one, and is refused', () => {
  const latin1 = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from('ol\u00e1\n', 'latin1')
  }

  test('a passphrase on stdin', async () => {
    const { status, out, err, calls } = await command(['crypto', 'pubpvt', '-'], { stdin: latin1() })
    expect({ status, out, calls }).toEqual({ status: 1, out: '', calls: [] })
    expect(err).toBe('freechains: the passphrase on stdin is no UTF-8: convert it first (iconv -t UTF-8)\n')
  })

  test.each([
    [['crypto', 'shared', 'ol\ufffd'], /the passphrase has U\+FFFD in it, .* on stdin/],
    [['crypto', 'pubpvt', 'ol\ud800'], /the passphrase has U\+FFFD in it/],
    [['chain', '#chat', 'post', 'inline', 'ol\ufffd'], /the text has U\+FFFD in it, .*; post - and post file/],
    [['chain', '#chat', 'like', '1_ABCDEF', '--sign=@key', '--why=ol\ufffd'], /the reason has U\+FFFD in it/],
  ])('where Node saw bytes that are none: %j', async (argv, says) => {
    const sign = argv.map((word) => (word === '--sign=@key' ? `--sign=${PVT}` : word))
    const { status, out, err, calls } = await command(sign, {})
    expect({ status, out, calls }).toEqual({ status: 1, out: '', calls: [] })
    expect(err).toMatch(says)
  })

  test('a passphrase on stdin may have U+FFFD: there its bytes are seen', async () => {
    const { calls } = await command(['crypto', 'shared', '-'], {
      stdin: 'ol\ufffd\n',
      results: { 'keys.shared': { key: 'AB' } },
    })
    expect(calls).toEqual([['keys.shared', { passphrase: 'ol\ufffd' }]])
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

test('a passphrase on the command line warns; on stdin it does not', async () => {
  const keys = { 'keys.pubpvt': { pub: 'A', pvt: 'B' } }
  const typed = await command(shell('crypto pubpvt senha'), { results: keys })
  expect([typed.status, typed.out]).toEqual([0, 'A B\n'])
  expect(typed.err).toMatch(/^freechains: warning: a passphrase on the command line .* - reads it from stdin\n$/)
  expect(await command(shell('crypto pubpvt -'), { results: keys, stdin: 'senha\n' })).toMatchObject({
    status: 0,
    err: '',
  })
})
