/** Reports of what goes wrong with peers and in sync (spec §10). Part of `fault-reports.ts`. */
import { withoutKeys } from '../base/without-keys.ts'
import type { StorageRefusal } from '../chain/faults.ts'
import type { AddedPeersFault } from '../net/discovery/added-peers.ts'
import type { DialFault } from '../net/host/host.ts'
import type { SyncFault } from '../net/sync/faults.ts'
import { otherPioneer, type Report, type Reports } from './report.ts'

const unreachable = (peer: string, why: string): Report => [
  'peer-unreachable',
  `the peer ${peer} does not answer: ${why}`,
  'see that its node runs; `freechains peer check` says what fails, and what to do',
]

/** A sync fails by the disk too: `NODE_REPORTS` has those. */
export const PEER_REPORTS: Reports<DialFault | AddedPeersFault | Exclude<SyncFault, StorageRefusal>> = {
  PEER_BAD_ADDRESS: (f) => [
    'bad-address',
    `“${withoutKeys(f.text)}” is no address of a peer: ${f.why}`,
    'give host:port, or a multiaddr such as /ip4/10.0.0.2/tcp/8331',
  ],
  PEER_NOT_ADDED: (f) => [
    'peer-not-added',
    `no peer “${withoutKeys(f.which)}” was added here`,
    'give its address or its id as `freechains peer list` shows it',
  ],
  PEER_IN_CONFIG: (f) => [
    'peer-in-config',
    `the config file names this peer (${f.addresses.join(' ')})`,
    'take it out there, under `peers` or `bootstrap`, and start the node anew',
  ],
  PEER_UNREACHABLE: (f) => unreachable(f.peer, f.why),
  RPC_UNREACHABLE: (f) => unreachable(f.peer, f.why),
  RPC_TIMEOUT: (f) => unreachable(f.peer, `no answer within ${String(f.ms)} ms`),
  RPC_CLOSED: (f) => unreachable(f.peer, `the connection closed (${f.why})`),
  RPC_MALFORMED: (f) => [
    'peer-refused',
    `the peer ${f.peer} answered what no node says (${f.fault.code})`,
    'compare the versions of both nodes, or ask another peer',
  ],
  SYNC_REFUSED: (f) =>
    f.why === 'unknown-chain'
      ? [
          'peer-refused',
          `the peer ${f.peer} does not have this chain`,
          'it has to join the same name with the same keys',
        ]
      : ['peer-refused', `the peer ${f.peer} refused: ${f.why}`, 'try again later'],
  SYNC_INCOMPATIBLE: (f) => otherPioneer(f.ours, f.theirs),
  SYNC_NO_FOUNDER: (f) => [
    'no-founder',
    `the peer ${f.peer} has the forum of founder ${f.founder} (${String(f.blocks)} blocks), and none is chosen here`,
    'choose whom to follow with `freechains chain <chain> founder <pub>`',
  ],
  SYNC_PEER_NO_FOUNDER: (f) => [
    'no-founder',
    `the peer ${f.peer} has joined this forum and follows no founder yet, so it takes nothing`,
    `choose one there with \`freechains chain <chain> founder ${f.founder}\``,
  ],
  SYNC_CUT: (f) => [
    'peer-refused',
    `${String(f.fresh)} blocks came before others had their turn`,
    'the rest comes later by itself',
  ],
  SYNC_FAILED: (f) => [
    'peer-unreachable',
    `the sync with ${f.peer} broke off (${f.why}): what came is kept`,
    'try again',
  ],
  RPC_ABORTED: (f) => ['peer-unreachable', `the call to the peer ${f.peer} was given up`, 'call again'],
}
