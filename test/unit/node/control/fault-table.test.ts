/** The reports of the node's own faults: a stable code, the facts, and what to do. */
import { expect, test } from 'vitest'
import { ControlError, type ControlCode } from '../../../../src/node/control/error-codes.ts'
import { controlErrorOf, type ReportedFault } from '../../../../src/node/api/fault-reports.ts'
import { drawnId } from '../../../support/draw.ts'

const KEY_A = 'A'.repeat(64)
const KEY_B = 'B'.repeat(64)

test('what was typed comes back without what may be a private key, in errors and in all that the port says', () => {
  const pvt = KEY_A + KEY_B
  for (const fault of [
    { code: 'CHAIN_NOT_JOINED', chain: pvt },
    { code: 'CHAIN_NOT_JOINED', chain: KEY_A },
    { code: 'DAG_BAD_CHAIN_NAME', name: `#${pvt}`, why: 'too long' },
    { code: 'DAG_BAD_ID', text: pvt },
    { code: 'DAG_UNKNOWN_ID', text: KEY_B },
    { code: 'PEER_BAD_ADDRESS', text: KEY_A, why: 'no host' },
    { code: 'PEER_NOT_ADDED', which: pvt },
  ] satisfies ReportedFault[]) {
    const { message } = controlErrorOf(fault).toJSON()
    expect(message).toMatch(/\[(64|128) hex digits\]/)
    expect(message).not.toMatch(/[AB]{20}/)
  }
  expect(new ControlError('bad-params', `wrong params: ${pvt}`).message).toBe('wrong params: [128 hex digits]')
})

const cases: readonly (readonly [ReportedFault, ControlCode, readonly string[]])[] = [
  [{ code: 'SYNC_CUT', fresh: 12 }, 'peer-refused', ['12', 'later']],
  [{ code: 'CHAIN_NOT_JOINED', chain: '#nope' }, 'chain-not-found', ['#nope', 'chains join']],
  [
    { code: 'CHAIN_NOT_JOINED', chain: '#old', leftOverBytes: 12 },
    'chain-not-found',
    ['#old', '12 bytes of it are left over', 'chains leave'],
  ],
  [
    { code: 'CHAIN_OTHER_FOUNDER', name: '#chat', founder: 'AB', blocks: 3 },
    'other-founder',
    ['#chat', 'AB', '3 blocks', 'leave'],
  ],
  [{ code: 'CHAIN_TAKES_NO_FOUNDER', name: '$g' }, 'bad-key', ['$g', 'forum']],
  [
    { code: 'SYNC_NO_FOUNDER', peer: 'eve', founder: 'AB', blocks: 3 },
    'no-founder',
    ['eve', 'AB', '3 blocks', 'founder <pub>'],
  ],
  [{ code: 'SYNC_PEER_NO_FOUNDER', peer: 'eve', founder: 'AB' }, 'no-founder', ['eve', 'takes nothing', 'founder AB']],
  [{ code: 'CHAIN_NAME_TAKEN', name: '#chat', joined: '0_AB' }, 'chain-name-taken', ['#chat', '0_AB', 'leave']],
  [{ code: 'INVITE_MALFORMED', why: 'it was cut' }, 'bad-invite', ['it was cut', 'copy it whole']],
  [{ code: 'INVITE_OTHER_VERSION', found: '2' }, 'bad-invite', ['version 2', 'version 1', 'update']],
  [{ code: 'INVITE_MISMATCH', name: '#chat' }, 'bad-invite', ['#chat', 'contradicts itself']],
  [{ code: 'INVITE_NEEDS_KEY', name: '$f' }, 'key-needed', ['$f', 'without the key', 'join <invite> <key>']],
  [{ code: 'INVITE_WRONG_KEY', name: '$f' }, 'bad-key', ['$f', 'not the key']],
  [{ code: 'INVITE_TAKES_NO_KEYS', name: '#chat' }, 'bad-key', ['#chat', 'no keys']],
  [{ code: 'REP_NO_REPS', reps: -2 }, 'no-reputation', ['costs 1', 'has -2']],
  [
    { code: 'REP_NO_REPS', reps: 0, isTakingBack: true },
    'no-reputation',
    ['taking a post back costs 1', 'has 0', 'at most a day after the welcome'],
  ],
  [{ code: 'REP_TAKEN_BACK' }, 'taken-back', ['already', 'costs 1 rep more']],
  [{ code: 'DAG_REASON_TOO_LONG', bytes: 1025, limit: 1024 }, 'payload-too-large', ['1025', '1024', 'shorter']],
  [
    { code: 'DAG_PAYLOAD_TOO_LARGE', bytes: 105, limit: 100, seal: 40 },
    'payload-too-large',
    ['has 65 bytes', 'may have 60', 'seal adds 40'],
  ],
  [
    { code: 'DAG_PAYLOAD_TOO_LARGE', bytes: 105, limit: 100, seal: 0 },
    'payload-too-large',
    ['has 105 bytes', 'may have 100'],
  ],
  [
    { code: 'DISK_OPEN_TO_OTHERS', dir: '/d', why: 'other users may write into it (mode 777)' },
    'data-dir-unusable',
    ['/d', 'mode 777', 'chmod go-w'],
  ],
  [
    { code: 'DISK_DAMAGED', dir: '/d', why: 'Corruption: checksum mismatch' },
    'data-dir-unusable',
    ['/d is damaged', 'checksum mismatch', 'backup'],
  ],
  [{ code: 'REP_UNACCEPTED_BACK', back: drawnId('x') }, 'bad-block', [drawnId('x'), 'accepted nowhere']],
  [{ code: 'SYNC_REFUSED', peer: 'P', why: 'unknown-chain' }, 'peer-refused', ['P', 'does not have this chain']],
  [{ code: 'SYNC_REFUSED', peer: 'P', why: 'busy' }, 'peer-refused', ['P', 'busy', 'later']],
  [
    { code: 'SYNC_INCOMPATIBLE', ours: KEY_A, theirs: KEY_B },
    'incompatible-chain',
    [KEY_A, KEY_B, 'nothing was merged'],
  ],
  [{ code: 'SYNC_FAILED', peer: 'P', why: 'RPC_CLOSED' }, 'peer-unreachable', ['P', 'RPC_CLOSED', 'kept']],
  [{ code: 'PEER_NOT_ADDED', which: '10.0.0.2' }, 'peer-not-added', ['10.0.0.2', 'peer list']],
  [
    { code: 'PEER_IN_CONFIG', addresses: ['/ip4/10.0.0.2/tcp/1'] },
    'peer-in-config',
    ['/ip4/10.0.0.2/tcp/1', 'bootstrap'],
  ],
  [
    { code: 'CONTROL_CANNOT_LISTEN', address: '127.0.0.1:1', why: 'EACCES' },
    'cannot-listen',
    ['127.0.0.1:1', 'EACCES'],
  ],
  [
    { code: 'DISK_LOW', dir: '/data', freeBytes: 12 * 2 ** 20, floorBytes: 64 * 2 ** 20 },
    'disk-full',
    ['read-only', '/data', '12 MiB', '64 MiB'],
  ],
  [{ code: 'DISK_FULL', dir: '/data', why: 'No space left' }, 'disk-full', ['/data', 'No space left', 'by itself']],
  [
    { code: 'CHAIN_OVER_QUOTA', name: '#a', of: 'chain', bytes: 2 ** 20, limitBytes: 2 ** 21 },
    'over-quota',
    ['#a', '1 MiB', '2 MiB', 'storage.maxChainMiB'],
  ],
  [
    { code: 'CHAIN_OVER_QUOTA', name: '#a', of: 'node', bytes: 2 ** 20, limitBytes: 2 ** 21 },
    'over-quota',
    ['all chains', 'storage.maxMiB'],
  ],
  [{ code: 'CONTROL_CANNOT_WRITE_COOKIE', path: '/c', why: 'ENOSPC' }, 'data-dir-unusable', ['/c', 'ENOSPC']],
]

test.each(cases)('%o reads as %s', (fault, code, facts) => {
  const error = controlErrorOf(fault)
  expect(error.toJSON()).toMatchObject({ code: 1, data: { code } })
  for (const fact of facts) expect(error.message).toContain(fact)
  expect(error.message, 'what to do comes last').toMatch(/^\S[^:;]+.*[:;] \S.+$/)
})
