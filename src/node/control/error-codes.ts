/**
 * How the control port says no (spec §10): the stable strings of `data.code`, the one table that maps the faults of
 * every floor to them, and the words a user reads: what happened, why, what to do. `docs/control-port.md` lists all.
 */
import type { DagFault } from '../../dag/faults.ts'
import type { ReputationFault } from '../../reputation/faults.ts'
import type { ChainsFault } from '../chain/faults.ts'
import type { DiskFault } from '../storage/faults.ts'
import type { DialFault, HostFault } from '../net/host/host.ts'
import type { InviteFault } from '../api/invite-faults.ts'
import type { NodeKeyFault } from '../storage/node-key.ts'
import type { AddedPeersFault } from '../net/discovery/added-peers.ts'
import type { SyncFault } from '../net/sync/faults.ts'

/** Our own codes, as JSON-RPC code 1 with `data.code`; each with what it stands for. */
export const CONTROL_CODES = {
  'chain-not-found': 'no chain of this name or id is joined here',
  'chain-name-taken': 'a chain of this name with other pioneers or another key is joined here',
  'bad-chain-name': 'not a chain name, or its keys do not go with its kind',
  'incompatible-chain': 'the peer holds a chain of the same name with another pioneer',
  'block-not-found': 'no block of the chain has this id here',
  'ambiguous-id': 'several blocks have ids that begin like this; the message lists them',
  'bad-id': 'not an id, nor a prefix of at least six hex digits',
  'bad-key': 'a key has the wrong length, is not hex, or is not the one of the chain',
  'bad-invite': 'not an invite, or it was cut or altered on its way',
  'key-needed': 'the invite is of a group and comes without its key',
  'bad-block': 'the block would break a rule of its chain',
  'bad-seal': 'the payload cannot be sealed or opened as asked',
  'not-signed': 'posts in this chain must be signed',
  'not-owner': "only the chain's owner may post",
  'no-reputation': 'the author has not enough reputation',
  'not-held': 'the block is accepted: only what is held can be removed',
  'no-reps': 'likes and dislikes have no reps of their own',
  'payload-too-large': 'the payload is longer than the chain allows for this author',
  'payload-hidden': 'the payload was deleted, for the post is hidden',
  'payload-missing': 'the block is here, its payload has not arrived',
  'payload-sealed': "the payload is sealed to the chain's owner, and no private key came with the call",
  'bad-address': 'not an address of a peer',
  'peer-unreachable': 'the peer does not answer',
  'peer-refused': 'the peer answered and refused',
  'peer-not-added': 'no peer of this address or id was added by command or by an invite',
  'peer-in-config': 'the config file names the peer, and no command removes it',
  'clock-not-settable': 'the daemon was not started with --test-clock',
  'too-many-subscriptions': 'this connection has as many subscriptions as one may have',
  'bad-config': 'the configuration is wrong',
  'port-in-use': 'something else listens on this address',
  'cannot-listen': 'the operating system does not let the node listen there',
  'data-dir-in-use': 'another node runs on this data directory',
  'data-dir-unusable': 'the data directory cannot be read or written',
} as const

export type ControlCode = keyof typeof CONTROL_CODES

/** Those that only end a start: no call is answered with one. */
export const START_CODES: readonly ControlCode[] = [
  ...(['bad-config', 'port-in-use', 'cannot-listen', 'data-dir-in-use', 'data-dir-unusable'] as const),
]

/** The standard's codes and ours outside code 1, with the `data.code` that goes with each. */
export const RPC_CODES = {
  'bad-json': -32700,
  'bad-request': -32600,
  'unknown-method': -32601,
  'bad-params': -32602,
  internal: -32603,
  unauthorized: -32001,
} as const

export type RpcCode = keyof typeof RPC_CODES

/** What each of {@link RPC_CODES} stands for. */
export const RPC_MEANINGS: { readonly [C in RpcCode]: string } = {
  'bad-json': 'the line is not JSON',
  'bad-request': 'the line is no request, or goes beyond a bound',
  'unknown-method': 'there is no such method',
  'bad-params': 'the params are not those of the method',
  internal: 'a defect of the daemon; its log says more',
  unauthorized: 'the first call was not auth, or its token is not the one in the cookie',
}

/** JSON-RPC error code of all {@link CONTROL_CODES}. */
export const OUR_RPC_CODE = 1

/** A refusal that the caller is told: thrown by handlers, sent as it stands. Its message never holds a secret. */
export class ControlError extends Error {
  override readonly name = 'ControlError'
  readonly code: ControlCode | RpcCode

  /** @param message what happened, why, and what to do */
  constructor(code: ControlCode | RpcCode, message: string) {
    super(message)
    this.code = code
  }

  /** The `error` member of the response. */
  toJSON(): { readonly code: number; readonly message: string; readonly data: { readonly code: string } } {
    const code = Object.hasOwn(RPC_CODES, this.code) ? RPC_CODES[this.code as RpcCode] : OUR_RPC_CODE
    return { code, message: this.message, data: { code: this.code } }
  }
}

/** Why the control port cannot start. */
export type ControlFault =
  | { readonly code: 'CONTROL_PORT_IN_USE'; readonly address: string }
  | { readonly code: 'CONTROL_CANNOT_LISTEN'; readonly address: string; readonly why: string }
  | { readonly code: 'CONTROL_CANNOT_WRITE_COOKIE'; readonly path: string; readonly why: string }

/** Every fault that can end a call or a start. */
export type ReportedFault =
  | DagFault
  | ReputationFault
  | ChainsFault
  | InviteFault
  | DiskFault
  | HostFault
  | DialFault
  | AddedPeersFault
  | SyncFault
  | NodeKeyFault
  | ControlFault

/** Code, what happened and why, and what to do about it. */
type Report = readonly [code: ControlCode, what: string, todo: string]

const badBlock = (why: string, todo = 'change what is posted, or ask for the heads and post again'): Report => [
  'bad-block',
  `the block would not be valid: ${why}`,
  todo,
]
const unreachable = (peer: string, why: string): Report => [
  'peer-unreachable',
  `the peer ${peer} does not answer: ${why}`,
  'see that its node runs; `freechains peer check` says what fails, and what to do',
]
const otherPioneer = (ours: string, theirs: string): Report => [
  'incompatible-chain',
  `the chains are not the same: the pioneer here is ${ours}, there ${theirs}; nothing was merged`,
  'leave the chain and join it again to follow the other pioneer',
]

/** The one table from faults to what the caller reads. */
const REPORTS: { readonly [C in ReportedFault['code']]: (fault: Extract<ReportedFault, { code: C }>) => Report } = {
  DAG_BAD_ID: (f) => [
    'bad-id',
    `“${f.text}” is no id`,
    'give <height>_<hex digits>, or at least six of the hex digits',
  ],
  DAG_BAD_KEY: (f) => ['bad-key', `wrong key: expected ${f.expected}`, 'copy the whole key, as `crypto` printed it'],
  DAG_BAD_CHAIN_NAME: (f) => [
    'bad-chain-name',
    `“${f.name}” cannot be a chain: ${f.why}`,
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
  DAG_PAYLOAD_TOO_LARGE: (f) => [
    'payload-too-large',
    `the payload has ${String(f.bytes)} bytes and may have ${String(f.limit)} in this chain`,
    'make it smaller',
  ],
  DAG_BAD_PAYLOAD: (f) => badBlock(f.why),
  DAG_AMBIGUOUS_ID: (f) => [
    'ambiguous-id',
    `several blocks begin like this: ${f.matches.join(' ')}`,
    'give more digits',
  ],
  DAG_UNKNOWN_ID: (f) => [
    'block-not-found',
    `no block “${f.text}” in this chain: it does not exist or is not here yet`,
    'compare it with what `traverse` lists, or wait for the next sync',
  ],

  REP_UNACCEPTED_BACK: (f) => badBlock(`it links ${f.back}, which is accepted nowhere in its past`),
  REP_NO_REPS: (f) => [
    'no-reputation',
    `a like or dislike costs 1 rep, and its author has ${String(f.reps)}`,
    "post, and wait a day, or for others' likes",
  ],
  CHAIN_NOT_JOINED: (f) => [
    'chain-not-found',
    `no chain “${f.chain}” is joined here`,
    'join it with `freechains chains join`',
  ],
  CHAIN_NAME_TAKEN: (f) => [
    'chain-name-taken',
    `a chain named ${f.name} with other keys is joined here (${f.joined})`,
    'leave that one first',
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
  DISK_FORMAT: (f) => [
    'data-dir-unusable',
    `${f.dir} was written in format ${String(f.found)}, this program reads ${String(f.expected)}`,
    'use the program that wrote it, or another directory',
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
    `“${f.text}” is no address of a peer: ${f.why}`,
    'give host:port, or a multiaddr such as /ip4/10.0.0.2/tcp/8331',
  ],
  PEER_NOT_ADDED: (f) => [
    'peer-not-added',
    `no peer “${f.which}” was added here`,
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

/** What the caller reads about a fault: what happened, why, and what to do. */
export function controlErrorOf(fault: ReportedFault): ControlError {
  // The table is total over the codes; TypeScript cannot relate the entry to this fault.
  const [code, what, todo] = (REPORTS[fault.code] as (fault: ReportedFault) => Report)(fault)
  // One colon in a sentence is enough: `what: what to do`, or `what: why; what to do`.
  return new ControlError(code, `${what}${what.includes(': ') ? ';' : ':'} ${todo}`)
}
