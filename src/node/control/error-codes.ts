/**
 * Errors of the control port (spec §10): the stable strings of `data.code`, the JSON-RPC numbers, and the error that
 * handlers throw. `docs/control-port.md` lists all codes; `api/fault-reports.ts` maps faults to them.
 */

import { withoutPrivateKeys } from '../base/without-keys.ts'

/** Our own codes, sent as JSON-RPC code 1 with `data.code`; each with its meaning. */
export const CONTROL_CODES = {
  'chain-not-found': 'no chain of this name or id is joined here',
  'chain-name-taken': 'a chain of this name with other pioneers or another key is joined here',
  'bad-chain-name': 'not a chain name, or its keys do not go with its kind',
  'incompatible-chain': 'the peer holds a chain of the same name with another founder',
  'no-founder': 'others have a forum of this name, and no founder of it is chosen here',
  'other-founder': 'the forum has another founder here',
  'block-not-found': 'no block of the chain has this id here',
  'ambiguous-id': 'several blocks have ids that begin like this; the message lists them',
  'bad-id': 'not an id, nor a prefix of at least six hex digits',
  'bad-key': 'a key has the wrong length, is not hex, or is not the one of the chain',
  'key-reused': 'one passphrase made the key of a group and the private key of an author, and both are used here',
  'bad-invite': 'not an invite, or it was cut or altered on its way',
  'key-needed': 'a group is joined without a key, or by an invite without it',
  'bad-block': 'the block would break a rule of its chain',
  'bad-seal': 'the payload cannot be sealed or opened as asked',
  'not-signed': 'posts in this chain must be signed',
  'not-owner': "only the chain's owner may post",
  'no-reputation': 'the author has not enough reputation',
  stale: 'the draft was overtaken by another block of its author, or is not there any more: draft again',
  'taken-back': 'the author took the post back already',
  'not-held': 'the block is accepted: only what is held can be removed',
  'no-reps': 'likes and dislikes have no reps of their own',
  'payload-too-large': 'the payload is longer than the chain allows for this author',
  'payload-hidden': 'the payload is not shown, for the post is hidden, or taken back by its author',
  'payload-missing': 'the block is here, its payload has not arrived',
  'payload-sealed': "the payload is sealed to the chain's owner, and no private key came with the call",
  'bad-address': 'not an address of a peer',
  'peer-unreachable': 'the peer does not answer',
  'peer-refused': 'the peer answered and refused',
  'peer-not-added': 'no peer of this address or id was added by command or by an invite',
  'peer-in-config': 'the config file names the peer, and no command removes it',
  'page-off': 'the node serves no page',
  'clock-not-settable': 'the daemon was not started with --test-clock',
  'too-many-subscriptions': 'this connection has as many subscriptions as one may have',
  'too-many-connections': 'the daemon has as many connections to its control port as it takes',
  'bad-config': 'the configuration is wrong',
  'port-in-use': 'something else listens on this address',
  'cannot-listen': 'the operating system does not let the node listen there',
  'data-dir-in-use': 'another node runs on this data directory',
  'data-dir-unusable': 'the data directory cannot be read or written',
  'disk-full': 'the disk of the data directory is full, or nearly so: the node is read-only until there is room',
  'over-quota': 'the chain, or all chains together, have as many bytes as the configuration allows',
} as const

export type ControlCode = keyof typeof CONTROL_CODES

/** Codes that only stop a start: no call is answered with one. */
export const START_CODES: readonly ControlCode[] = [
  ...(['bad-config', 'port-in-use', 'cannot-listen', 'data-dir-in-use'] as const),
]

/** The standard's codes, and ours other than code 1, by `data.code`. */
export const RPC_CODES = {
  'bad-json': -32700,
  'bad-request': -32600,
  'unknown-method': -32601,
  'bad-params': -32602,
  internal: -32603,
  unauthorized: -32001,
} as const

export type RpcCode = keyof typeof RPC_CODES

/** The meaning of each of {@link RPC_CODES}. */
export const RPC_MEANINGS: { readonly [C in RpcCode]: string } = {
  'bad-json': 'the line is not JSON',
  'bad-request': 'the line is no request, or goes beyond a bound',
  'unknown-method': 'there is no such method',
  'bad-params': 'the params are not those of the method',
  internal: 'a defect of the daemon; its log says more',
  unauthorized: 'the first call was not auth, or its token is not the one in the cookie',
}

/** The JSON-RPC code of all {@link CONTROL_CODES}. */
export const OUR_RPC_CODE = 1

/** An error for the caller, thrown by handlers and sent unchanged. Its message never holds a secret. */
export class ControlError extends Error {
  override readonly name = 'ControlError'
  readonly code: ControlCode | RpcCode

  /** @param message - what happened, why, and what to do */
  constructor(code: ControlCode | RpcCode, message: string) {
    super(withoutPrivateKeys(message))
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
