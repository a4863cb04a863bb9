/** Every cap of the control port on size, count and time, with its reason (spec §10). */

const KIB = 1024
const MIB = 1024 * KIB

export interface ControlLimits {
  /** A line before `auth`: a hello or a token, nothing long. */
  readonly lineBeforeAuthBytes: number
  /** A line after `auth`: the largest payload (64 MiB) in base64 is 86 MiB. */
  readonly lineBytes: number
  /** Arrays and objects inside each other in one line; no method needs more than five. */
  readonly depth: number
  /** Calls of one connection that are not answered yet; at this many, the connection is not read further. */
  readonly calls: number
  /** Calls in one batch: their answers leave together, so they are held in memory together. */
  readonly batch: number
  /** Subscriptions of one connection. */
  readonly subscriptions: number
  /** Connections at a time, for TCP and for the unix socket each. */
  readonly connections: number
  /** How long a connection may stay without `auth`. */
  readonly authMs: number
  /** Bytes that wait for one reader: two of the largest answers. Beyond this it is cut off. */
  readonly bufferedBytes: number
  /** After the client stops sending, how long its last calls may still take. */
  readonly lingerMs: number
  /** After a stop, how long a client may take to read its last answer. */
  readonly closeMs: number
}

export const CONTROL_LIMITS: ControlLimits = {
  lineBeforeAuthBytes: 64 * KIB,
  lineBytes: 96 * MIB,
  depth: 16,
  calls: 32,
  batch: 32,
  subscriptions: 64,
  connections: 64,
  authMs: 10_000,
  bufferedBytes: 192 * MIB,
  lingerMs: 10_000,
  closeMs: 1_000,
}

/** Bytes of events that may wait for one subscriber: some 16,000 events. */
export const FEED_BYTES = 4 * MIB

/** The longest line a client takes from a daemon. */
export const ANSWER_BYTES = 128 * MIB

/** The largest payload (spec §3): for owners and in groups. */
export const PAYLOAD_BYTES = 64 * MIB

/** The longest invite: 3 KiB in base32, with room for what stands before it. */
export const MAX_INVITE_CHARS = 5120
