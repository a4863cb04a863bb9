/** One line says whether a chain is in sync here, and if not, why (spec §10). */
import { expect, test } from 'vitest'
import { DAY, HOUR } from '../../../support/economy.ts'
import { author } from '../../../support/blocks.ts'
import { COMPARE_MS } from '../../../../src/protocol/sync-limits.ts'
import { sinceLast, syncStateOf, type SyncFacts } from '../../../../src/node/api/chain-status.ts'

/** Noon here, wherever that is. */
const NOW_MS = new Date(2026, 10, 1, 12).getTime()

const peer = (id: string, state: string): SyncFacts['peers'][number] => ({ id, state, lastSyncMs: null })

const nothing: SyncFacts = {
  peers: [],
  sharers: [],
  active: [],
  idleMs: 0,
  connections: 0,
  undialled: [],
  missing: 0,
  delays: undefined,
  nowMs: NOW_MS,
}
const delays = { blocks: 3, untilMs: NOW_MS + 2 * HOUR, why: 'some would take back what is accepted here' }
const KEPT = '3 blocks until about 14:00, because some would take back what is accepted here'

const closed = ['/ip4/10.0.0.2/tcp/8331', 'connect ECONNREFUSED'] as const

test.each<[string, Partial<SyncFacts>, string, string]>([
  ['nobody there', {}, 'alone', 'not connected to any peer'],
  [
    'others have the forum, and no founder is chosen',
    {
      choice: {
        name: '#chat',
        seen: [
          { founder: author(1).author, blocks: 12, peers: ['ann', 'bob'] },
          { founder: author(2).author, blocks: 2, peers: ['eve'] },
        ],
      },
      peers: [peer('ann', 'follows a founder')],
    },
    'choosing',
    `2 founders of #chat seen, and nothing is taken before you choose whom to follow: ${author(1).author} (12 blocks at 2 peers), ` +
      `${author(2).author} (2 blocks at 1 peer); choose with \`freechains chain '#chat' founder <pub>\``,
  ],
  [
    'others have the forum, and it will be followed by itself',
    { choice: { name: '#chat', seen: [{ founder: author(1).author, blocks: 12, peers: ['ann'] }] } },
    'choosing',
    `1 founder of #chat seen, and ${author(1).author} is followed by itself in some seconds if no other turns up: ` +
      `${author(1).author} (12 blocks at 1 peer); choose with \`freechains chain '#chat' founder <pub>\``,
  ],
  [
    'an empty forum that nobody has founded',
    { choice: { name: '#chat', seen: [] } },
    'alone',
    'not connected to any peer',
  ],
  [
    'a static peer that does not answer',
    { undialled: [closed] },
    'alone',
    'not connected to any peer; dial failed: /ip4/10.0.0.2/tcp/8331: connect ECONNREFUSED',
  ],
  [
    'two of them, and somebody who is on other chains',
    { undialled: [closed, closed], connections: 1 },
    'alone',
    'no peer on this chain among 1 connections; dial failed: /ip4/10.0.0.2/tcp/8331: connect ECONNREFUSED (and 1 more)',
  ],
  [
    'a founder is wanted, and no peer has the forum',
    { awaited: author(1).author, peers: [peer('ann', 'synced'), peer('bob', 'busy')] },
    'alone',
    `nothing of the founder ${author(1).author} has come: none of 2 peers has it`,
  ],
  [
    'a disk without room, whatever else there is',
    {
      noRoom: { code: 'DISK_LOW', dir: '/data', freeBytes: 2 ** 20, floorBytes: 64 * 2 ** 20 },
      peers: [peer('ann', 'synced')],
    },
    'read-only',
    'the node is read-only, for the disk of /data has 1 MiB free and must have 64 MiB: make room there; it goes on by itself',
  ],
  [
    'a chain over its quota, which is in sync all the same',
    {
      peers: [peer('ann', 'synced')],
      missing: 3,
      overQuota: { of: 'chain', bytes: 10 * 2 ** 20, limitBytes: 10 * 2 ** 20 },
    },
    'synced',
    'in sync with 1 of 1 peers; 3 payloads missing; takes no payloads, for the chain has 10 MiB of 10 MiB (storage.maxChainMiB)',
  ],
  [
    'a node over its quota, during a pull',
    { active: ['ann'], overQuota: { of: 'node', bytes: 2 ** 20, limitBytes: 2 ** 20 } },
    'syncing',
    'pulling from ann; takes no payloads, for all chains have 1 MiB of 1 MiB (storage.maxMiB)',
  ],
  ['somebody new', { sharers: ['ann'], connections: 1 }, 'syncing', 'about to ask 1 peers on this chain'],
  [
    'a rival forum',
    { peers: [peer('ann', 'incompatible: the pioneer here is A, there B')] },
    'alone',
    'peer ann: incompatible: the pioneer here is A, there B',
  ],
  ['a pull', { active: ['ann', 'bob'], idleMs: 2_999 }, 'syncing', 'pulling from ann, bob'],
  [
    'a pull that does not move',
    { active: ['ann'], idleMs: 7_500 },
    'syncing',
    'pulling from ann; nothing came for 7 s',
  ],
  ['all is well', { peers: [peer('ann', 'synced'), peer('bob', 'busy')] }, 'synced', 'in sync with 1 of 2 peers'],
  [
    'nearly all is well',
    { peers: [peer('ann', 'synced')], missing: 2 },
    'synced',
    'in sync with 1 of 1 peers; 2 payloads that no peer has given yet',
  ],
  ['blocks that are kept back', { peers: [peer('ann', 'synced')], delays }, 'holding back', KEPT],
  ['the same without anybody there', { delays }, 'holding back', KEPT],
  [
    'the same until another day',
    { delays: { ...delays, untilMs: NOW_MS + 3 * DAY } },
    'holding back',
    '3 blocks until about 2026-11-04 12:00, because some would take back what is accepted here',
  ],
  ['the same during a pull', { active: ['ann'], delays }, 'syncing', `pulling from ann; holding back ${KEPT}`],
])('%s', (_, situation, state, why) => {
  expect(syncStateOf({ ...nothing, ...situation })).toEqual({ state, why })
})

test('nobody is called synced by a comparison that is older than two intervals: it says since when', () => {
  const compared = (agoMs: number): SyncFacts['peers'][number] => ({
    id: 'ann',
    state: 'synced',
    lastSyncMs: NOW_MS - agoMs,
  })
  const shown = (agoMs: number): SyncFacts['peers'][number] => sinceLast(compared(agoMs), COMPARE_MS, NOW_MS)
  expect(shown(2 * COMPARE_MS)).toEqual(compared(2 * COMPARE_MS))
  expect(shown(2 * COMPARE_MS + 1).state).toBe('not compared since 11:57')
  expect(shown(25 * HOUR).state).toBe('not compared since 2026-10-31 11:00')
  // The clock was set back.
  expect(shown(-HOUR).state).toBe('not compared since 13:00')
  expect(syncStateOf({ ...nothing, peers: [shown(HOUR)] })).toEqual({
    state: 'alone',
    why: 'peer ann: not compared since 11:00',
  })
  const busy: SyncFacts['peers'][number] = { id: 'bob', state: 'busy', lastSyncMs: NOW_MS - DAY }
  expect(sinceLast(busy, COMPARE_MS, NOW_MS)).toEqual(busy)
})
