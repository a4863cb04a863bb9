/** The bounds of the control port on size, count and time, with their reasons (spec §10). */

const KIB = 1024
const MIB = 1024 * KIB

export interface ControlLimits {
  /** A line before `auth`: it holds a nonce or a token. */
  readonly lineBeforeAuthBytes: number
  /** A line after `auth`: the largest payload (64 MiB) is 86 MiB in base64. */
  readonly lineBytes: number
  /** Nesting depth of a line; no method needs more than five. */
  readonly depth: number
  /** Open calls of one connection. At this many, the connection is not read. */
  readonly calls: number
  /** Calls in one batch. Its answers are sent together, so they are in memory together. */
  readonly batch: number
  /** Subscriptions of one connection. */
  readonly subscriptions: number
  /** Connections at a time, for TCP and for the unix socket each. */
  readonly connections: number
  /** Connections beyond these that are told so, before they are closed; what comes beyond that is closed at once. */
  readonly refusals: number
  /** How long a connection may stay open without `auth`. */
  readonly authMs: number
  /** Unsent bytes of one connection, besides one answer that has more by itself. Beyond this it is closed. */
  readonly bufferedBytes: number
  /** Unsent bytes of one connection beyond which it is not read: the calls of a client that does not read can wait. */
  readonly unreadBytes: number
  /** How long a client may read nothing while more than `bufferedBytes` wait for it. */
  readonly stalledMs: number
  /** How long open calls may take after the client ended its side. */
  readonly lingerMs: number
  /** How long a client may take to read its last answer after a stop. */
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
  refusals: 16,
  authMs: 10_000,
  bufferedBytes: 16 * MIB,
  unreadBytes: MIB,
  stalledMs: 10_000,
  lingerMs: 10_000,
  closeMs: 1_000,
}

/** Bytes of events queued for all subscriptions of one client: some 16,000 events. */
export const FEED_BYTES = 4 * MIB

/** The longest line that a client accepts from a daemon. */
export const ANSWER_BYTES = 128 * MIB

/** The largest payload (spec §3): for owners and in groups. */
export const PAYLOAD_BYTES = 64 * MIB

/** The longest invite: 3 KiB in base32, and its prefix. */
export const MAX_INVITE_CHARS = 5120

/** Drafts that wait for their signature (spec §10); what is older or beyond is `stale`, and drafted again. */
export const DRAFT_LIMITS = {
  /** More than clients have in flight: 32 calls of each of 32 connections. */
  count: 1024,
  /** Two of the largest payloads, sealed, and many of all others. */
  bytes: 128 * MIB + MIB,
  /** A person may have to press a button of what holds the key. A post claims the time of its draft. */
  ageMs: 60_000,
  /**
   * A program signs within milliseconds, also on a busy machine. It is what the next draft of an author waits for a client that
   * died, or for a person.
   */
  turnMs: 250,
} as const
