/**
 * The last steps of `peer.check` (spec §11), on an open connection: identify, the sync protocol, and whether the peer
 * has a chain. Strings of the peer are sanitized here, because they are printed on terminals.
 */
import type { Connection, IdentifyResult, PeerId } from '@libp2p/interface'
import { fail, ok } from '../../dag/result.ts'
import { SYNC_PROTOCOL } from '../../protocol/messages.ts'
import type { StepOutcome, StepFailure } from './peer-check-dial.ts'
import { controlErrorOf } from './fault-reports.ts'
import { FOLLOW_THE_OTHER } from './report.ts'
import type { Host } from '../net/host/host.ts'
import { why as reasonOf } from '../net/host/faults.ts'
import type { Logger } from '../base/log.ts'
import { founderMissing, handshakeOf, openChain } from '../net/sync/handshake.ts'
import type { Replica } from '../chain/replica.ts'
import { openSyncStream, type OpenSyncStream } from '../net/sync/client-stream.ts'
import type { RpcFault, SyncFault } from '../net/sync/faults.ts'
import { orAborted, withDeadline } from '../base/deadline.ts'

/** libp2p's own deadline for identify is five seconds. */
const IDENTIFY_MS = 10_000

/** Opening the stream and both hellos. */
const STREAM_MS = 20_000

/** Limit of the agent string, which a stranger chooses and a terminal shows. */
const MAX_AGENT_CHARS = 64

/** Collects identify results. libp2p identifies each new connection at once, so this must listen before the dial. */
export class IdentifyResults {
  readonly #known = new Map<string, IdentifyResult>()
  #told = (): void => undefined
  readonly stop: () => void

  constructor({ libp2p }: Host) {
    const onIdentify = ({ detail }: CustomEvent<IdentifyResult>): void => {
      this.#known.set(detail.connection.id, detail)
      this.#told()
    }
    libp2p.addEventListener('peer:identify', onIdentify)
    this.stop = () => libp2p.removeEventListener('peer:identify', onIdentify)
  }

  /** The result for a connection; undefined if there is none before the signal aborts or the connection closes. */
  async of(connection: Connection, signal: AbortSignal): Promise<IdentifyResult | undefined> {
    const told = Promise.withResolvers<undefined>()
    this.#told = () => {
      if (this.#known.has(connection.id)) told.resolve(undefined)
    }
    this.#told()
    connection.addEventListener('close', () => told.resolve(undefined), { once: true })
    if (connection.status !== 'open') told.resolve(undefined)
    await orAborted(told.promise, signal)
    return this.#known.get(connection.id)
  }
}

export async function identifyStep(
  identities: IdentifyResults,
  connection: Connection,
  signal: AbortSignal,
): Promise<StepOutcome<IdentifyResult>> {
  const identity = await withDeadline({ ms: IDENTIFY_MS, signal }, (deadline) => identities.of(connection, deadline))
  if (identity !== undefined) return ok({ value: identity, why: printable(identity.agentVersion ?? 'it has no name') })
  return fail({
    why: connection.status === 'open' ? `it did not say what it speaks within ${String(IDENTIFY_MS)} ms` : 'it hung up',
    fix: 'it may be overloaded, have banned this node, or have no room for more connections: try again in 10 minutes',
  })
}

/** Opens a sync stream of its own; the caller closes it. */
export async function protocolStep(
  connection: Connection,
  { protocols }: IdentifyResult,
  log: Logger,
  signal: AbortSignal,
): Promise<StepOutcome<OpenSyncStream>> {
  if (!protocols.includes(SYNC_PROTOCOL)) return fail(protocolFailure(protocols))
  const fix = 'it may be overloaded, or a freechains that does not go with this one: compare `freechains --version`'
  try {
    const syncStream = await withDeadline({ ms: STREAM_MS, signal }, async (deadline) => {
      const stream = await connection.newStream(SYNC_PROTOCOL, { signal: deadline })
      return openSyncStream(stream, { peer: connection.remotePeer, log })
    })
    if (syncStream.ok) return ok({ value: syncStream.value, why: `it speaks ${SYNC_PROTOCOL}` })
    return fail({ why: streamFailure(syncStream.fault), fix })
  } catch (error) {
    return fail({ why: `the stream was not opened: ${reasonOf(error)}`, fix })
  }
}

function protocolFailure(protocols: readonly string[]): StepFailure {
  const family = SYNC_PROTOCOL.slice(0, SYNC_PROTOCOL.lastIndexOf('/') + 1)
  const other = protocols.find((protocol) => protocol.startsWith(family))
  if (other === undefined) {
    return {
      why: `it does not speak ${SYNC_PROTOCOL}`,
      fix: 'it is a libp2p node and not one of freechains: check the address',
    }
  }
  return {
    why: `it speaks ${printable(other)}, and this node ${SYNC_PROTOCOL}`,
    fix: 'one of the two is too old: update it',
  }
}

function streamFailure(fault: RpcFault): string {
  if (fault.code === 'RPC_TIMEOUT') return `it did not say hello within ${String(fault.ms)} ms`
  if (fault.code === 'RPC_MALFORMED') return `it says hello in another way (${fault.fault.code})`
  return 'why' in fault ? fault.why : 'the check was given up'
}

export async function chainStep(
  syncStream: OpenSyncStream,
  replica: Replica,
  self: PeerId,
  signal: AbortSignal,
): Promise<StepOutcome<true>> {
  const { name, kind } = replica.chain.params
  const opened = await openChain(syncStream, replica, handshakeOf(syncStream, self), signal)
  const fault = opened.ok ? founderMissing(syncStream.peer, replica, opened.value) : opened.fault
  return fault === undefined
    ? ok({ value: true, why: `it has ${name}` })
    : fail(chainFailure(fault, name, kind === 'group'))
}

function chainFailure(fault: SyncFault, name: string, isGroup: boolean): StepFailure {
  if (fault.code === 'SYNC_REFUSED' && fault.why === 'unknown-chain') {
    return {
      why: isGroup ? `it does not have ${name}, or has it with another key` : `it does not have ${name}`,
      fix: 'join the same name with the same keys on both sides: `freechains chains invite` there prints them in one string',
    }
  }
  if (fault.code === 'SYNC_INCOMPATIBLE') {
    return {
      why: `its ${name} is another one: the pioneer here is ${fault.ours}, there ${fault.theirs}`,
      fix: `nothing can be merged: ${FOLLOW_THE_OTHER}`,
    }
  }
  if (fault.code === 'SYNC_NO_FOUNDER') {
    return {
      why: `it follows founder ${fault.founder} of ${name} (${String(fault.blocks)} blocks), and none is chosen here`,
      fix: `choose whom to follow: \`freechains chain '${name}' founder <pub>\``,
    }
  }
  if (fault.code === 'SYNC_PEER_NO_FOUNDER') {
    return {
      why: `it has ${name}, and follows no founder yet: it takes nothing`,
      fix: `choose one there: \`freechains chain '${name}' founder ${fault.founder}\``,
    }
  }
  return { why: controlErrorOf(fault).message, fix: 'try again later' }
}

function printable(text: string): string {
  return text.slice(0, MAX_AGENT_CHARS).replaceAll(/[^ -~]/g, '?')
}
