import { expect, test } from 'vitest'
import { blockVerdict, consequence, type BlockFault } from '../../../src/protocol/faults.ts'
import { author, chain, post } from '../../support/blocks.ts'

const { id: block } = post(chain('#faults', author(0).author)).block

const NOBODYS_FAULT: BlockFault[] = [
  { code: 'DAG_MISSING_BACK', back: block },
  { code: 'DAG_OTHER_PIONEER', ours: 'A', theirs: 'B' },
  { code: 'REP_NO_REPS', reps: 0 },
]

test('missing information is not malice', () => {
  for (const fault of NOBODYS_FAULT) {
    expect(blockVerdict(fault)).toBe('ignore')
    expect(consequence({ code: 'SYNC_BAD_BLOCK', block, fault })).toBe('ignore')
    expect(consequence({ code: 'GOSSIP_BAD_BLOCK', block, fault })).toBe('ignore')
  }
})

test('what anybody can see is wrong is held against the sender', () => {
  const wrong: BlockFault[] = [
    { code: 'DAG_BAD_HEADER', why: '' },
    { code: 'DAG_HEADER_TOO_LARGE', bytes: 5000 },
    { code: 'DAG_BAD_HEIGHT', expected: 1, found: 2 },
    { code: 'DAG_BAD_SIGNATURE' },
    { code: 'REP_UNACCEPTED_BACK', back: block },
    { code: 'DAG_PAYLOAD_TOO_LARGE', bytes: 2, limit: 1, seal: 0 },
    { code: 'DAG_REASON_TOO_LONG', bytes: 1025, limit: 1024 },
    { code: 'DAG_BAD_PAYLOAD', why: '' },
    { code: 'DAG_BAD_SEAL', why: '' },
  ]
  for (const fault of wrong) {
    expect(blockVerdict(fault)).toBe('reject')
    expect(consequence({ code: 'SYNC_BAD_BLOCK', block, fault })).toBe('penalise')
  }
})

test('a breach of the protocol costs score; another version only ends the stream', () => {
  expect(consequence({ code: 'WIRE_OTHER_VERSION', found: 2 })).toBe('close')
  for (const fault of [
    { code: 'WIRE_TOO_LARGE', bytes: 2, limit: 1 },
    { code: 'SYNC_BAD_PROOF' },
    { code: 'SYNC_BAD_PAYLOAD', block },
    { code: 'GOSSIP_NOT_A_MEMBER' },
  ] as const) {
    expect(consequence(fault)).toBe('penalise')
  }
})
