/**
 * `peer check` (spec §11): reaches a peer step by step, over a connection of its own, and says which step fails and what
 * to do. It changes nothing: what it opens it closes.
 */
import type { Connection, IdentifyResult, PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { fail, ok, type Result } from '../dag/faults.ts'
import { SYNC_PROTOCOL } from '../protocol/messages.ts'
import { attempt, resolveTargets, type Attempt, type Trouble } from './check-dial.ts'
import { controlErrorOf } from './control/faults.ts'
import { CHECK_STEPS, type CheckStep } from './control/schema.ts'
import type { Host } from './host.ts'
import { why as reasonOf } from './host-faults.ts'
import type { Logger } from './log.ts'
import { handshakeOf, openOn } from './open-chain.ts'
import { peerIdOf } from './peers.ts'
import type { Replica } from './replica.ts'
import type { RpcFault } from './rpc-faults.ts'
import { openSession, type OpenSession } from './rpc-session.ts'
import { StreamCut } from './streams.ts'
import type { SyncFault } from './sync-faults.ts'
import { orAborted, withDeadline } from './waiting.ts'

/** libp2p itself gives identify five seconds. */
const IDENTIFY_MS = 10_000

/** Opening the stream and both hellos. */
const STREAM_MS = 20_000

const CLOSE_MS = 1_000

/** What strangers say of themselves is printed to a terminal. */
const MAX_AGENT_CHARS = 64

export interface CheckOptions {
  readonly address: Multiaddr
  /** The chain to ask for; without it the last step is skipped. */
  readonly replica?: Replica
}

export interface CheckModules {
  readonly host: Host
  readonly log: Logger
}

type StepName = CheckStep['step']

/** A step that went well: what comes of it, and what it found in words. */
interface Passed<T> {
  readonly value: T
  readonly why: string
}

type Outcome<T> = Result<Passed<T>, Trouble>

/** All steps in order: those behind one that failed are skipped. */
export async function checkPeer(
  options: CheckOptions,
  modules: CheckModules,
  signal: AbortSignal,
): Promise<CheckStep[]> {
  const report = new Report()
  const identities = new Identities(modules.host)
  const closers: (() => Promise<void> | void)[] = []
  try {
    await reach(options, { ...modules, report, identities, closers }, signal)
  } finally {
    identities.stop()
    for (const close of closers.reverse()) await close()
  }
  return report.complete(options.replica === undefined ? 'no chain was named' : 'a step before it failed')
}

interface Course extends CheckModules {
  readonly report: Report
  readonly identities: Identities
  readonly closers: (() => Promise<void> | void)[]
}

async function reach({ address, replica }: CheckOptions, course: Course, signal: AbortSignal): Promise<void> {
  const { host, log, report, identities, closers } = course
  const targets = await report.run('resolve', () => resolved(address, signal))
  if (targets === undefined) return
  const tried = await firstThatAnswers(host, targets, signal)
  if (tried.outcome.ok) {
    const { value: connection } = tried.outcome
    closers.push(() => hangUp(connection))
  }
  const connection = reportDial(report, tried, peerIdOf(address))
  if (connection === undefined) return
  const identity = await report.run('identify', () => identified(identities, connection, signal))
  if (identity === undefined) return
  const session = await report.run('protocol', () => spoken(connection, identity, log, signal))
  if (session === undefined) return
  closers.push(() => {
    session.close()
  })
  if (replica !== undefined) await report.run('chain', () => shared(session, replica, host.peerId, signal))
}

/** Collects what each step says; the first that fails is the last that ran. */
class Report {
  readonly #steps: CheckStep[] = []

  async run<T>(step: StepName, job: () => Promise<Outcome<T>>): Promise<T | undefined> {
    const startedMs = performance.now()
    const outcome = await job()
    return this.add(step, performance.now() - startedMs, outcome)
  }

  add<T>(step: StepName, ms: number, outcome: Outcome<T>): T | undefined {
    const passed = outcome.ok ? outcome.value : undefined
    const words = outcome.ok ? { why: outcome.value.why } : outcome.fault
    this.#steps.push({ step, state: outcome.ok ? 'ok' : 'failed', ms: Math.round(ms), ...words })
    return passed?.value
  }

  complete(whySkipped: string): CheckStep[] {
    const left = CHECK_STEPS.slice(this.#steps.length)
    const hasFailed = this.#steps.at(-1)?.state === 'failed'
    const why = hasFailed ? 'a step before it failed' : whySkipped
    return [...this.#steps, ...left.map((step) => ({ step, state: 'skipped' as const, ms: 0, why }))]
  }
}

/** libp2p identifies each new connection by itself, at once: listens from before the dial. */
class Identities {
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

  /** Undefined: not until the signal, or the connection ended. */
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

async function resolved(address: Multiaddr, signal: AbortSignal): Promise<Outcome<Multiaddr[]>> {
  const targets = await resolveTargets(address, signal)
  return targets.ok ? ok({ value: targets.value, why: targets.value.join(' ') }) : targets
}

/** Of several addresses the first where something listens; if nothing does anywhere, the last. */
async function firstThatAnswers(host: Host, targets: readonly Multiaddr[], signal: AbortSignal): Promise<Attempt> {
  let last: Attempt = { totalMs: 0, outcome: fail({ why: 'there is no address to dial', fix: 'give another address' }) }
  for (const target of targets) {
    last = await attempt(host, target, signal)
    if (last.tcpMs !== undefined) break
  }
  return last
}

/** A dial is two steps. */
function reportDial(
  report: Report,
  { tcpMs, totalMs, outcome }: Attempt,
  expected: string | undefined,
): Connection | undefined {
  if (tcpMs === undefined) {
    report.add('dial', totalMs, outcome.ok ? fail({ why: 'no connection', fix: 'try again' }) : outcome)
    return undefined
  }
  report.add('dial', tcpMs, ok({ value: true, why: 'something listens there' }))
  return report.add('noise', totalMs - tcpMs, outcome.ok ? whoIsIt(outcome.value, expected) : outcome)
}

function whoIsIt(connection: Connection, expected: string | undefined): Outcome<Connection> {
  const found = connection.remotePeer.toString()
  if (expected === undefined || expected === found) return ok({ value: connection, why: `it is ${found}` })
  return fail({
    why: `expected ${expected}, is ${found}`,
    fix: 'another node lives there now, or it has a new key: ask for its address again (`freechains info` on it)',
  })
}

async function identified(
  identities: Identities,
  connection: Connection,
  signal: AbortSignal,
): Promise<Outcome<IdentifyResult>> {
  const identity = await withDeadline({ ms: IDENTIFY_MS, signal }, (deadline) => identities.of(connection, deadline))
  if (identity !== undefined) return ok({ value: identity, why: printable(identity.agentVersion ?? 'it has no name') })
  return fail({
    why: connection.status === 'open' ? `it did not say what it speaks within ${String(IDENTIFY_MS)} ms` : 'it hung up',
    fix: 'it may be overloaded, have banned this node, or have no room for more connections: try again in 10 minutes',
  })
}

async function spoken(
  connection: Connection,
  { protocols }: IdentifyResult,
  log: Logger,
  signal: AbortSignal,
): Promise<Outcome<OpenSession>> {
  if (!protocols.includes(SYNC_PROTOCOL)) return fail(noProtocol(protocols))
  const fix = 'it may be overloaded, or a freechains that does not go with this one: compare `freechains --version`'
  try {
    const session = await withDeadline({ ms: STREAM_MS, signal }, async (deadline) => {
      const stream = await connection.newStream(SYNC_PROTOCOL, { signal: deadline })
      return openSession(stream, { peer: connection.remotePeer, log })
    })
    if (session.ok) return ok({ value: session.value, why: `it speaks ${SYNC_PROTOCOL}` })
    return fail({ why: streamTrouble(session.fault), fix })
  } catch (error) {
    return fail({ why: `the stream was not opened: ${reasonOf(error)}`, fix })
  }
}

function noProtocol(protocols: readonly string[]): Trouble {
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

function streamTrouble(fault: RpcFault): string {
  if (fault.code === 'RPC_TIMEOUT') return `it did not say hello within ${String(fault.ms)} ms`
  if (fault.code === 'RPC_MALFORMED') return `it says hello in another way (${fault.fault.code})`
  return 'why' in fault ? fault.why : 'the check was given up'
}

async function shared(
  session: OpenSession,
  replica: Replica,
  self: PeerId,
  signal: AbortSignal,
): Promise<Outcome<true>> {
  const { name, kind } = replica.chain.params
  const opened = await openOn(session, replica, handshakeOf(session, self), signal)
  return opened.ok
    ? ok({ value: true, why: `it has ${name}` })
    : fail(chainTrouble(opened.fault, name, kind === 'group'))
}

function chainTrouble(fault: SyncFault, name: string, isGroup: boolean): Trouble {
  if (fault.code === 'SYNC_REFUSED' && fault.why === 'unknown-chain') {
    return {
      why: isGroup ? `it does not have ${name}, or has it with another key` : `it does not have ${name}`,
      fix: 'join the same name with the same keys on both sides: `freechains chains invite` there prints them in one string',
    }
  }
  if (fault.code === 'SYNC_INCOMPATIBLE') {
    return {
      why: `its ${name} is another one: the pioneer here is ${fault.ours}, there ${fault.theirs}`,
      fix: 'nothing can be merged: to follow the other pioneer, leave the chain here and join it again',
    }
  }
  return { why: controlErrorOf(fault).message, fix: 'try again later' }
}

async function hangUp(connection: Connection): Promise<void> {
  try {
    await connection.close({ signal: AbortSignal.timeout(CLOSE_MS) })
  } catch {
    connection.abort(new StreamCut('checked'))
  }
}

function printable(text: string): string {
  return text.slice(0, MAX_AGENT_CHARS).replaceAll(/[^ -~]/g, '?')
}
