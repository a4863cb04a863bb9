/**
 * From coded faults to the control port's errors (spec §10): one table with the code and the text for each fault of
 * every floor and room. The text says what happened, why, and what to do.
 */
import type { DagFault } from '../../dag/faults.ts'
import type { Result } from '../../dag/result.ts'
import type { ReputationFault } from '../../reputation/faults.ts'
import type { DraftFault, RegistryFault, StorageRefusal } from '../chain/faults.ts'
import type { StorageFault } from '../storage/faults.ts'
import type { DialFault, HostFault } from '../net/host/host.ts'
import type { InviteFault } from './invite.ts'
import type { NodeKeyFault } from '../storage/node-key.ts'
import type { AddedPeersFault } from '../net/discovery/added-peers.ts'
import type { SyncFault } from '../net/sync/faults.ts'
import { withoutKeys } from '../base/without-keys.ts'
import { ControlError, type ControlCode, type ControlFault } from '../control/error-codes.ts'

/** Every fault that can end a call or a start. */
export type ReportedFault =
  | DagFault
  | ReputationFault
  | RegistryFault
  | StorageRefusal
  | DraftFault
  | InviteFault
  | StorageFault
  | HostFault
  | DialFault
  | AddedPeersFault
  | SyncFault
  | NodeKeyFault
  | ControlFault

/** Code; what happened and why; what to do. */
type Report = readonly [code: ControlCode, what: string, advice: string]

const badBlock = (why: string, advice = 'change what is posted, or ask for the heads and post again'): Report => [
  'bad-block',
  `the block would not be valid: ${why}`,
  advice,
]
const unreachable = (peer: string, why: string): Report => [
  'peer-unreachable',
  `the peer ${peer} does not answer: ${why}`,
  'see that its node runs; `freechains peer check` says what fails, and what to do',
]
/** The founder of a forum may be chosen anew until its first block is here. */
export const FOLLOW_THE_OTHER =
  'to follow the other one, choose it with `freechains chain <chain> founder <pub>`; if blocks are here already, leave the chain and join it again before'

const otherPioneer = (ours: string, theirs: string): Report => [
  'incompatible-chain',
  `the chains are not the same: the pioneer here is ${ours}, there ${theirs}; nothing was merged`,
  FOLLOW_THE_OTHER,
]

/** Rounded down, for a size that is short of another one. */
export function mib(bytes: number): string {
  return `${String(Math.floor(bytes / 2 ** 20))} MiB`
}

/** The table from faults to reports. */
const REPORTS: { readonly [C in ReportedFault['code']]: (fault: Extract<ReportedFault, { code: C }>) => Report } = {
  DAG_BAD_ID: (f) => [
    'bad-id',
    `“${withoutKeys(f.text)}” is no id`,
    'give <height>_<hex digits>, or at least six of the hex digits',
  ],
  DAG_BAD_KEY: (f) => ['bad-key', `wrong key: expected ${f.expected}`, 'copy the whole key, as `crypto` printed it'],
  DAG_BAD_CHAIN_NAME: (f) => [
    'bad-chain-name',
    `“${withoutKeys(f.name)}” cannot be a chain: ${f.why}`,
    'a chain is #name, $name with its key, @PUB or @!PUB',
  ],
  DAG_BAD_HEADER: (f) => badBlock(f.why),
  DAG_HEADER_TOO_LARGE: (f) => badBlock(`its header has ${String(f.bytes)} bytes`),
  DAG_BAD_BACKS: (f) => badBlock(f.why),
  DAG_MISSING_BACK: (f) => badBlock(`the block ${f.back} that it links to is not here`, 'wait until it is here'),
  DAG_BAD_HEIGHT: (f) => badBlock(`its height is ${String(f.found)} and must be ${String(f.expected)}`),
  DAG_BAD_TIME: (f) => badBlock(f.why, "set the machine's clock right"),
  DAG_UNSIGNED: () => ['not-signed', 'posts in this chain must be signed', 'add --sign=PVT (`sign` in the call)'],
  DAG_NOT_OWNER: () => ['not-owner', "only the chain's owner posts here", "sign with the owner's private key"],
  DAG_OTHER_PIONEER: (f) => otherPioneer(f.ours, f.theirs),
  DAG_BAD_SIGNATURE: () => badBlock('its signature does not hold', 'sign with the key whose public half is named'),
  DAG_BAD_SEAL: (f) => [
    'bad-seal',
    `the payload cannot be sealed or opened: ${f.why}`,
    'seal in @ chains only, and open with the private key of their owner',
  ],
  DAG_BAD_LIKE: (f) => badBlock(f.why, 'like or dislike a post that is here'),
  DAG_BAD_LABEL: (f) => badBlock(f.why, 'change the type or the name, or leave it out'),
  DAG_BAD_REPLY: (f) => badBlock(f.why, 'answer a post that is accepted here'),
  DAG_PAYLOAD_TOO_LARGE: (f) => [
    'payload-too-large',
    f.seal === 0
      ? `the payload has ${String(f.bytes)} bytes and may have ${String(f.limit)} in this chain`
      : `the payload has ${String(f.bytes - f.seal)} bytes and may have ${String(f.limit - f.seal)}, for its seal adds ` +
        `${String(f.seal)} and ${String(f.limit)} are the most in this chain`,
    'make it smaller',
  ],
  DAG_REASON_TOO_LONG: (f) => [
    'payload-too-large',
    `the reason of a like or dislike has ${String(f.bytes)} bytes and may have ${String(f.limit)}`,
    'make it shorter, or post what there is to say',
  ],
  DAG_BAD_PAYLOAD: (f) => badBlock(f.why),
  DAG_AMBIGUOUS_ID: (f) => [
    'ambiguous-id',
    `several blocks begin like this: ${f.matches.join(' ')}`,
    'give more digits',
  ],
  DAG_UNKNOWN_ID: (f) => [
    'block-not-found',
    `no block “${withoutKeys(f.text)}” in this chain: it does not exist or is not here yet`,
    'compare it with what `traverse` lists, or wait for the next sync',
  ],

  REP_UNACCEPTED_BACK: (f) => badBlock(`it links ${f.back}, which is accepted nowhere in its past`),
  REP_NO_REPS: (f) => [
    'no-reputation',
    `${f.isTakingBack === true ? 'taking a post back' : 'a like or dislike'} costs 1 rep, and its author has ${String(f.reps)}`,
    f.isTakingBack === true
      ? 'try again when there is one: a newcomer has it at most a day after the welcome'
      : "post, and wait a day, or for others' likes",
  ],
  REP_TAKEN_BACK: () => [
    'taken-back',
    'its author took this post back already: another dislike costs 1 rep more, and changes nothing',
    'there is nothing to do: `get block` shows it as taken back',
  ],
  CHAIN_NOT_JOINED: (f) => [
    'chain-not-found',
    f.leftOverBytes === undefined
      ? `no chain “${withoutKeys(f.chain)}” is joined here`
      : `“${f.chain}” is not joined here any more; ${String(f.leftOverBytes)} bytes of it are left over`,
    f.leftOverBytes === undefined
      ? 'join it with `freechains chains join`'
      : 'join it again, or delete them with `freechains chains leave`',
  ],
  CHAIN_NAME_TAKEN: (f) => [
    'chain-name-taken',
    `a chain named ${f.name} with other keys is joined here (${f.joined})`,
    'leave that one first, or join with --instead, which leaves it and removes its data',
  ],

  CHAIN_OTHER_FOUNDER: (f) => [
    'other-founder',
    `${f.name} here is the forum of founder ${f.founder}, with ${String(f.blocks)} blocks`,
    `to follow another founder: \`freechains chains join '${f.name}' --founder <pub> --instead\`, which leaves this one and removes it here`,
  ],
  CHAIN_TAKES_NO_FOUNDER: (f) => [
    'bad-key',
    `${f.name} has no founder to choose`,
    'only a forum that was joined without pioneers has one',
  ],

  INVITE_MALFORMED: (f) => ['bad-invite', `the invite cannot be used: ${f.why}`, 'copy it whole, or ask for a new one'],
  INVITE_OTHER_VERSION: (f) => [
    'bad-invite',
    `the invite is of version ${f.found}, and this program reads version 1`,
    'ask for one of that version, or update',
  ],
  INVITE_MISMATCH: (f) => [
    'bad-invite',
    `the invite contradicts itself: its name and keys make another ${f.name} than the one that it is for`,
    'ask for a new one',
  ],
  INVITE_NEEDS_KEY: (f) => [
    'key-needed',
    `the invite to ${f.name} comes without the key of the group`,
    'ask who invited you for it, then `freechains chains join <invite> <key>` (`keys` in the call)',
  ],
  INVITE_WRONG_KEY: (f) => ['bad-key', `this is not the key of the ${f.name} that the invite is for`, 'check it'],
  INVITE_TAKES_NO_KEYS: (f) => ['bad-key', `the invite to ${f.name} says all that is needed`, 'give no keys with it'],

  DISK_LOCKED: (f) => [
    'data-dir-in-use',
    `another node uses ${f.dir}`,
    'stop it, or start this one with another data directory',
  ],
  DISK_UNREADABLE: (f) => [
    'data-dir-unusable',
    `the data directory ${f.dir} cannot be used: ${f.why}`,
    'see to its permissions and to the disk, or name another directory',
  ],
  DISK_OPEN_TO_OTHERS: (f) => [
    'data-dir-unusable',
    `the data directory ${f.dir} cannot be used: ${f.why}`,
    'take that away with `chmod go-w`, or name a directory of its own: keys are kept in it',
  ],
  DISK_DAMAGED: (f) => [
    'data-dir-unusable',
    `the database in ${f.dir} is damaged: ${f.why}`,
    'restore the directory from a backup, or start with another one; blocks come back from other nodes, the node key and group keys do not',
  ],
  DISK_FORMAT: (f) => [
    'data-dir-unusable',
    `${f.dir} was written in format ${String(f.found)}, this program reads ${String(f.expected)}`,
    'use the program that wrote it, or another directory',
  ],
  DISK_LOW: (f) => [
    'disk-full',
    `the node is read-only, for the disk of ${f.dir} has ${mib(f.freeBytes)} free and must have ${mib(f.floorBytes)}`,
    'make room there; it goes on by itself',
  ],
  DISK_FULL: (f) => [
    'disk-full',
    `the node is read-only, for a write to ${f.dir} failed (${f.why})`,
    'make room there; it goes on by itself',
  ],
  CHAIN_OVER_QUOTA: (f) => [
    'over-quota',
    f.of === 'chain'
      ? `the chain ${f.name} has ${mib(f.bytes)} and may have ${mib(f.limitBytes)}`
      : `all chains together have ${mib(f.bytes)} and may have ${mib(f.limitBytes)}`,
    f.of === 'chain'
      ? 'raise `storage.maxChainMiB` in the config file, and send SIGHUP or start the node anew'
      : 'raise `storage.maxMiB` in the config file, and send SIGHUP or start the node anew; or leave a chain',
  ],
  NODE_KEY_DAMAGED: (f) => [
    'data-dir-unusable',
    `the node's own key (${f.record}) in the data directory is damaged`,
    'restore the directory from a backup, or start with another one',
  ],

  HOST_PORT_IN_USE: (f) => [
    'port-in-use',
    `${f.address} is in use`,
    'stop what listens there, or give another --listen',
  ],
  HOST_BAD_ADDRESS: (f) => ['bad-address', `cannot listen: ${f.why}`, 'write an address such as /ip4/0.0.0.0/tcp/8331'],
  HOST_CANNOT_LISTEN: (f) => ['cannot-listen', `the node cannot listen: ${f.why}`, 'give another --listen'],
  CONTROL_PORT_IN_USE: (f) => [
    'port-in-use',
    `the control port ${f.address} is in use: another node may be running`,
    'stop it, or give another --port',
  ],
  CONTROL_CANNOT_LISTEN: (f) => [
    'cannot-listen',
    `the control port cannot listen on ${f.address}: ${f.why}`,
    'give another --port, or another `control` in the config file',
  ],
  CONTROL_CANNOT_WRITE_COOKIE: (f) => [
    'data-dir-unusable',
    `the cookie ${f.path} cannot be written: ${f.why}`,
    'see to the permissions of its directory and to the disk',
  ],

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
  DRAFT_STALE: () => [
    'stale',
    'the draft is not there any more: another block of its author came in, what it stands on was withdrawn, it was submitted already, or waited too long',
    'draft again, and sign that',
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

/** The error for the caller: what happened, why, and what to do. */
export function controlErrorOf(fault: ReportedFault): ControlError {
  // The table has every code; TypeScript cannot relate an entry to this fault.
  const [code, what, advice] = (REPORTS[fault.code] as (fault: ReportedFault) => Report)(fault)
  // At most one colon in the message: `what: what to do`, or `what: why; what to do`.
  return new ControlError(code, `${what}${what.includes(': ') ? ';' : ':'} ${advice}`)
}

/** The value of a result. @throws {ControlError} the report of its fault */
export function orThrow<T>(result: Result<T, ReportedFault>): T {
  if (!result.ok) throw controlErrorOf(result.fault)
  return result.value
}
