/** `keys` (spec §11): the user's own keys, in files of his, and who signs. */
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import { command, PUB, PVT, shell, type FakeDaemon, type Outcome } from '../rig.ts'

const STRONG = 'correct horse battery staple cloud'
const results = {
  'chain.post': { id: '1_A5EF', state: 'accepted' },
  'chain.like': { id: '2_A5EF', state: 'accepted' },
  'keys.pubpvt': { pub: PUB, pvt: PVT },
}

/** Types lines as one user, with a home of his own. */
async function user() {
  const dir = await mkdtemp(join(tmpdir(), 'fc-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  const env = { XDG_CONFIG_HOME: dir, STRONG, WEAK: 'dragon' }
  const run = (line: string, daemon: FakeDaemon = {}): Promise<Outcome> =>
    command(shell(line), { results, ...daemon, env: { ...env, ...daemon.env } })
  return { run, dir, keys: join(dir, 'freechains/keys') }
}

/** What a person types at a terminal, line by line. */
function typing(...lines: string[]): Pick<FakeDaemon, 'stdin' | 'canAsk'> {
  const stdin = new PassThrough()
  for (const line of lines) stdin.write(`${line}\n`)
  return { stdin, canAsk: true }
}

test('a new key is a file of this user alone; the first is the default, which is said', async () => {
  const { run, keys } = await user()
  const made = await run('keys new ana')
  expect(made).toMatchObject({ status: 0, calls: [] })
  expect(made.out).toMatch(/^[0-9A-F]{64}\n$/)
  expect(made.err).toMatch(/ana is your default key now.*keep a copy/s)
  expect([(await stat(keys)).mode & 0o777, (await stat(join(keys, 'ana.key'))).mode & 0o777]).toEqual([0o700, 0o600])
  expect((await run('keys new bob')).err).not.toContain('default')
  expect((await run('keys list')).out).toMatch(/^ana [0-9A-F]{64} open default\nbob [0-9A-F]{64} open\n$/)
  expect((await run('keys show')).out).toBe(made.out)
})

test('--as signs with a key, the default does where nothing is said, another may for one chain, and --unsigned none', async () => {
  const { run } = await user()
  const ana = (await run('keys new ana')).out.trim()
  const bob = (await run('keys new bob')).out.trim()
  const authorOf = async (line: string): Promise<unknown> =>
    ((await run(line)).calls[0]?.[1] as { author?: string } | undefined)?.author
  expect(await authorOf("chain '#chat' post inline x")).toBe(ana)
  expect(await authorOf("chain '#chat' post inline x --as bob")).toBe(bob)
  expect(await authorOf("chain '#chat' post inline x --sign env:PVT")).toBe(PUB)
  expect(await authorOf("chain '#chat' post inline x --unsigned")).toBeUndefined()
  await run("keys default bob --chain '#chat'")
  expect(await authorOf("chain '#chat' like 1_A5EF00")).toBe(bob)
  expect(await authorOf("chain '#else' like 1_A5EF00")).toBe(ana)
  await run('keys default --none')
  expect(await run("chain '#else' like 1_A5EF00")).toMatchObject({ status: 2, calls: [] })
  expect(await run("chain '#else' post inline x --as bob --sign env:PVT")).toMatchObject({ status: 2, calls: [] })
  const nobody = await run("chain '#else' post inline x --as carol")
  expect(nobody.err).toBe(
    'freechains: you have no key carol: you have ana, bob; `freechains keys new carol` makes it\n',
  )
})

test('the defaults follow a key that is renamed, and forget one that is deleted', async () => {
  const { run } = await user()
  await run('keys new ana')
  await run("keys default ana --chain '#chat'")
  await run('keys rename ana anna')
  expect((await run('keys default')).out).toBe('anna\nanna #chat\n')
  await run('keys delete anna --yes')
  expect((await run('keys default')).out).toBe('')
})

test('under a passphrase it is an age file; another passphrase, or none where nobody can be asked, is refused', async () => {
  const { run, keys } = await user()
  const pub = (await run('keys new ana --passphrase env:STRONG')).out.trim()
  const file = await readFile(join(keys, 'ana.key'), 'utf8')
  expect(file).toContain('-----BEGIN AGE ENCRYPTED FILE-----')
  expect(file).not.toMatch(/[0-9A-F]{128}/)
  const post = "chain '#chat' post inline x"
  expect((await run(`${post} --passphrase env:STRONG`)).calls[0]?.[1]).toMatchObject({ author: pub })
  expect((await run(`${post} --passphrase env:WEAK`)).err).toContain('the passphrase of ana is another one')
  expect((await run(post)).err).toContain('the key ana has a passphrase: give --passphrase with - (stdin), @FILE')
  expect((await run(post, typing(STRONG))).calls[0]?.[1]).toMatchObject({ author: pub })
  expect((await run(`${post} --passphrase literal`)).status).toBe(2)
})

test('a weak passphrase is told twice: by --weak, or typed again', async () => {
  const { run } = await user()
  expect((await run('keys new a --passphrase env:WEAK')).err).toContain('weak')
  expect((await run('keys list')).out).toBe('')
  expect((await run('keys new a --passphrase env:WEAK --weak')).status).toBe(0)
  const insisted = await run('keys new b', typing('dragon', 'dragon'))
  expect([insisted.status, insisted.err.includes('type it again')]).toEqual([0, true])
  expect((await run('keys new c', typing('dragon', 'wyvern'))).err).toContain('the two are not the same')
  expect((await run('keys new d', typing(''))).status).toBe(0)
  expect((await run('keys list')).out).toMatch(/^a \S+ passphrase default\nb \S+ passphrase\nd \S+ open\n$/)
  expect((await run('crypto pubpvt dragon', typing('wyvern'))).status).toBe(1)
  expect((await run('crypto pubpvt -', typing('dragon', 'dragon'))).status).toBe(0)
})

test('nothing that is typed as a passphrase comes back', async () => {
  const { run } = await user()
  const { out, err } = await run('keys new ana', typing(STRONG, STRONG))
  expect(out + err).not.toContain('horse')
})

test('24 words bring a key back, and so does its file; words that are wrong say which', async () => {
  const { run, dir } = await user()
  const pub = (await run('keys import ana -', { stdin: PVT })).out
  const words = (await run('keys export ana --words')).out
  expect(words.trim().split(' ').length).toBe(24)
  const path = join(dir, 'ana.key')
  await run(`keys export ana ${path}`)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect((await run(`keys export ana ${path}`)).err).toContain('is there already')
  await run('keys delete ana --yes')
  expect((await run('keys import back - --words', { stdin: words })).out).toBe(pub)
  await run('keys delete back --yes')
  expect((await run(`keys import file ${path}`)).out).toBe(pub)
  const swapped = words.replace(/^(\S+) (\S+)/, '$2 $1')
  const wrong = [words.replace(/^\S+/, 'frechains'), words.replace(/^\S+ /, ''), swapped]
  const errors = await Promise.all(wrong.map(async (stdin) => (await run('keys import x - --words', { stdin })).err))
  expect(errors).toEqual([
    expect.stringContaining('word 1 is not in the list'),
    expect.stringContaining('they are 23, not 24'),
    expect.stringContaining('checksum'),
  ])
})

test('words are those of BIP-39, of the seed itself', async () => {
  const { run } = await user()
  await run('keys import zero -', { stdin: `${PUB} ${PVT}\n` })
  const { out } = await run('keys export zero --words')
  const zeros = 'abandon '.repeat(23)
  expect((await run('keys import nil - --words', { stdin: `${zeros}art` })).status).toBe(0)
  expect((await run('keys show nil')).out).toBe('3B6A27BCCEB6A42D62A3A8D02A6F0D73653215771DE243A63AC048A18B59DA29\n')
  expect(out).not.toContain('abandon')
})

test('an encrypted file stays so on import, once its passphrase opened it', async () => {
  const { run, dir } = await user()
  const pub = (await run('keys new ana --passphrase env:STRONG')).out
  const path = join(dir, 'copy')
  await run(`keys export ana ${path}`)
  await run('keys delete ana --yes')
  expect((await run(`keys import ana ${path} --passphrase env:WEAK`)).err).toContain('is another one')
  expect((await run(`keys import ana ${path} --passphrase env:STRONG`)).out).toBe(pub)
  expect((await run('keys list')).out).toContain('passphrase')
})

test('what crypto printed is a key to sign with, and to import; other files are none', async () => {
  const { run, dir } = await user()
  const path = join(dir, 'my.key')
  for (const line of ['crypto pubpvt -', 'crypto pubpvt - --json']) {
    await writeFile(path, (await run(line, { stdin: STRONG })).out)
    expect((await run(`chain '#chat' post inline x --sign=@${path}`)).calls[0]?.[1]).toMatchObject({ author: PUB })
  }
  expect((await run(`keys import mine ${path}`)).out).toBe(`${PUB}\n`)
  await writeFile(path, 'a letter\n')
  expect((await run(`keys import letter ${path}`)).err).toContain('this is no private key')
  await writeFile(path, `${PUB} ${'AB'.repeat(64)}\n`)
  expect((await run(`keys import other ${path}`)).status).toBe(1)
})

test('nothing is overwritten: a name that is taken, or reads like one, and a key that is here', async () => {
  const { run } = await user()
  await run('keys import ana -', { stdin: PVT })
  await run(`names add ${'AB'.repeat(32)} carol`)
  for (const name of ['ana', 'Ana']) expect((await run(`keys new ${name}`)).err).toContain('choose another name')
  expect((await run('keys new Carol')).err).toContain('is your name for')
  expect((await run('keys import again -', { stdin: PVT })).err).toContain('this key is here already, as ana')
  expect((await run(`names add ${'CD'.repeat(32)} ana`)).err).toContain('reads like your own key')
  for (const bad of ['ABCDEF', '../x', '-x', 'a/b']) expect((await run(`keys new -- ${bad}`)).status).toBe(1)
})

test('damaged files are said, and stop nothing else', async () => {
  const { run, keys } = await user()
  await run('keys new ana')
  await run('keys new bob --passphrase env:STRONG')
  await writeFile(join(keys, 'letter.key'), 'Dear Bob\n')
  const mixed = (await readFile(join(keys, 'ana.key'), 'utf8')).replace(/key: .*/, `key: ${PUB}`)
  await writeFile(join(keys, 'mixed.key'), mixed)
  const age = await readFile(join(keys, 'bob.key'), 'utf8')
  await writeFile(join(keys, 'bob.key'), age.replace(/\n(\S{20})/g, '\n$1A'))
  const { out, err } = await run('keys list')
  expect(out).toContain('ana')
  expect(err).toMatch(/letter is damaged .*: it holds no private key\n.*mixed is damaged .*: its public key is not/)
  expect((await run('keys show letter')).err).toContain('is damaged')
  expect((await run("chain '#c' post inline x --as bob --passphrase env:STRONG")).err).toContain('bob is damaged')
})

test('commands at once lose nothing; a folder that others may enter is closed', async () => {
  const { run, keys } = await user()
  await run('keys new first')
  await chmod(keys, 0o755)
  await Promise.all(Array.from({ length: 8 }, (_, n) => run(`keys new key${String(n)}`)))
  expect((await readdir(keys)).filter((file) => file.endsWith('.key')).length).toBe(9)
  expect((await stat(keys)).mode & 0o777).toBe(0o700)
  const twice = await Promise.all([run('keys new same'), run('keys new same')])
  expect(twice.map(({ status }) => status).sort()).toEqual([0, 1])
})

test('delete asks on a terminal, and says that the key is gone; elsewhere it needs --yes', async () => {
  const { run } = await user()
  await run('keys new ana')
  expect((await run('keys delete ana')).err).toMatch(/gone for ever without a backup.*--yes/)
  expect((await run('keys delete ana', typing('no'))).err).toContain('nothing was deleted')
  expect((await run('keys delete ana', typing('yes'))).status).toBe(0)
  expect((await run('keys list')).out).toBe('')
})

test("one's own keys have their names in listings, and stand for them where one reads", async () => {
  const { run } = await user()
  const pub = (await run('keys new ana')).out.trim()
  const { calls } = await run("chain '#chat' reps ana", { results: { 'chain.reps': 3 } })
  expect(calls).toEqual([['chain.reps', { chain: '#chat', of: pub }]])
})
