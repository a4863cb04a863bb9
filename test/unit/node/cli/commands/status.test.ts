/** `chain <c> status`, once and watched, and what `peer send` and `recv` count (spec §11). */
import { expect, test } from 'vitest'
import { command, shell } from '../rig.ts'

const synced = {
  state: 'synced',
  why: 'in sync with 1 of 1 peers',
  blocks: 3,
  heads: 1,
  held: 0,
  bytes: 900,
  missing: 0,
  peers: [{ id: 'ann', lastSyncMs: 0, state: 'synced' }],
  founders: [],
  waiting: [{ id: 'ann', posts: 2 }],
  isWelcoming: false,
  guests: [],
  heldHere: [],
}
const progress = {
  blocks: 200,
  bytes: 1_572_864,
  missing: 7_200,
  blocksPerSecond: 1.5,
  bytesPerSecond: 900,
  secondsLeft: 4_800,
  from: ['ann', 'bob'],
}
const syncing = { ...synced, state: 'syncing', why: 'pulling from ann, bob', progress }

test('while much is pulled it says how far that has come, how fast it goes, from whom, and how long it may take', async () => {
  const { out } = await command(shell(`chain '#chat' status`), { results: { 'chain.status': syncing } })
  expect(out).toContain(
    'progress: 200 blocks (1.5 MiB) so far; 7200 to come; 1.5 blocks/s (900 B/s); 80 min left; from ann, bob\n',
  )
})

test('what is kept back has a state of its own, also in a watched line', async () => {
  const why = '3 blocks until about 14:00, because some would take back what is accepted here'
  const delayed = { blocks: 3, untilMs: 0, why: 'some would take back what is accepted here' }
  const status = { ...synced, state: 'holding back', why, delayed, peers: [] }
  const once = await command(shell(`chain '#chat' status`), { results: { 'chain.status': status } })
  expect(once.out.split('\n')[0]).toBe(`state:    holding back ${why}`)
  const interrupt = new AbortController()
  const results = {
    get 'chain.status'() {
      interrupt.abort()
      return status
    },
  }
  const watched = await command(shell(`chain '#chat' status --watch`), { results, interrupt: interrupt.signal })
  expect(watched.out).toBe(`holding back ${why}; 3 blocks\n`)
  const json = await command(shell(`chain '#chat' status --json`), { results: { 'chain.status': status } })
  expect(JSON.parse(json.out)).toEqual(status)
})

test.each([
  ['send', 'there'],
  ['recv', 'here'],
] as const)('peer %s counts what is kept back as missing, and says so on stderr', async (name, where) => {
  const results = { [`peer.${name}`]: { new: 100, missing: 130, delayed: 128 } }
  const { out, err } = await command(shell(`peer 10.0.0.2 ${name} '#chat'`), { results })
  expect(out).toBe('100 / 130\n')
  expect(err).toContain(`128 of those missing are kept back ${where} for a while; see \`chain #chat status\` ${where}`)
})

test('when nothing moves nobody knows how long it takes', async () => {
  const status = { ...syncing, progress: { ...progress, secondsLeft: null, bytes: 0 } }
  const { out } = await command(shell(`chain '#chat' status`), { results: { 'chain.status': status } })
  expect(out).toContain('200 blocks (0 B) so far; 7200 to come; 1.5 blocks/s (900 B/s); nobody knows how long; from')
})

test('--watch in a pipe prints a line whenever something changed, until it is interrupted', async () => {
  const told = [syncing, syncing, synced]
  const interrupt = new AbortController()
  const results = {
    get 'chain.status'() {
      const next = told.shift()
      if (told.length === 0) interrupt.abort()
      return next
    },
  }
  const { out, err, status, calls } = await command(shell(`chain '#chat' status --watch`), {
    results,
    interrupt: interrupt.signal,
  })
  expect(out.split('\n')).toEqual([
    'syncing (pulling from ann, bob); 3 blocks; ' +
      '200 blocks (1.5 MiB) so far; 7200 to come; 1.5 blocks/s (900 B/s); 80 min left; from ann, bob',
    'synced (in sync with 1 of 1 peers); 3 blocks',
    '',
  ])
  expect([err, status, calls.length]).toEqual(['', 130, 3])
})

test('it names the posts of others that wait here, where from, and what to type; and how many peers heard of those made here', async () => {
  const [ours, theirs] = ['2_' + 'A1'.repeat(32), '3_' + 'B2'.repeat(32)]
  const status = { ...synced, heldHere: [{ id: ours, heard: 1 }], guests: [{ id: theirs, heldBy: ['ann'] }] }
  const { out } = await command(shell(`chain '#chat' status`), { results: { 'chain.status': status } })
  expect(out).toContain('yours:    2_A1A1A1A1 waits for a like; 1 peer heard of it\n')
  expect(out).toContain('guest:    3_B2B2B2B2 from ann waits for a like\n')
  expect(out).toContain("freechains chain '#chat' welcome [ID | all]\n")
  expect(out).toContain("waiting:  2 at ann, for a like: peer ann held '#chat'")
})
