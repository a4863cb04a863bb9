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
import { ControlError, type ControlFault } from '../control/error-codes.ts'
import { NODE_REPORTS } from './node-reports.ts'
import { PEER_REPORTS } from './peer-reports.ts'
import { otherPioneer, type Report, type Reports } from './report.ts'

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

const badBlock = (why: string, advice = 'change what is posted, or ask for the heads and post again'): Report => [
  'bad-block',
  `the block would not be valid: ${why}`,
  advice,
]
/** The table from faults to reports. */
const REPORTS: Reports<ReportedFault> = {
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

  DRAFT_STALE: () => [
    'stale',
    'the draft is not there any more: another block of its author came in, what it stands on was withdrawn, it was submitted already, or waited too long',
    'draft again, and sign that',
  ],

  ...NODE_REPORTS,
  ...PEER_REPORTS,
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
