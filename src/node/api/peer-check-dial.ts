/**
 * The first steps of `peer.check` (spec §11): resolves a name to IP addresses, then dials one over a fresh connection,
 * TCP first and noise second. It translates errors of libp2p and the operating system for users.
 */
import { lookup } from 'node:dns/promises'
import type { Connection } from '@libp2p/interface'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { fail, ok, type Result } from '../../dag/result.ts'
import type { Host } from '../net/host/host.ts'
import { why as reasonOf } from '../net/host/faults.ts'
import { DeadlineError, orAborted, withDeadline } from '../base/deadline.ts'

const RESOLVE_MS = 5_000

/** TCP, noise and the muxer together, as for every other dial by command. */
const DIAL_MS = 15_000

/** Addresses tried for one name: both families of a machine with two uplinks. */
const MAX_TARGETS = 4

/** What is wrong, and how to fix it. */
export interface StepFailure {
  readonly why: string
  readonly fix: string
}

/** The result of a successful step, and its description. */
interface StepSuccess<T> {
  readonly value: T
  readonly why: string
}

export type StepOutcome<T> = Result<StepSuccess<T>, StepFailure>

/** The system's resolver; `family` 0 is either. */
export type LookUp = (
  name: string,
  options: { readonly all: true; readonly family: 0 | 4 | 6 },
) => Promise<readonly { readonly address: string; readonly family: number }[]>

/** Resolves an address to IP addresses, without peer id. */
export async function resolveTargets(
  address: Multiaddr,
  signal: AbortSignal,
  lookUp: LookUp = lookup,
): Promise<Result<Multiaddr[], StepFailure>> {
  const [host] = address.getComponents()
  const where = address.toString().replace(/\/p2p\/[^/]+$/, '')
  if (host?.name.startsWith('ip') === true) return ok([multiaddr(where)])
  const name = host?.value ?? ''
  const family = host?.name === 'dns4' ? 4 : host?.name === 'dns6' ? 6 : 0
  const fix = `check how ${name} is spelt, and that this machine can look up names; or give the IP address`
  try {
    const found = await withDeadline({ ms: RESOLVE_MS, signal }, (deadline) =>
      orAborted(lookUp(name, { all: true, family }), deadline),
    )
    if (found === undefined) return fail({ why: `no answer about ${name} within ${String(RESOLVE_MS)} ms`, fix })
    const behind = where.split('/').slice(3).join('/')
    return ok(found.slice(0, MAX_TARGETS).map((one) => multiaddr(`/ip${String(one.family)}/${one.address}/${behind}`)))
  } catch (error) {
    return fail({ why: `${name} has no address: ${reasonOf(error)}`, fix })
  }
}

/**
 * How far a dial came: to nothing, or through TCP and then to a connection or a failure. Times are in ms since its
 * start.
 */
export type DialAttempt =
  | { readonly at: 'nothing'; readonly totalMs: number; readonly failure: StepFailure }
  | {
      readonly at: 'tcp'
      readonly tcpMs: number
      readonly totalMs: number
      readonly outcome: Result<Connection, StepFailure>
    }

/** Dials a new connection even if one is open. It dials without a peer id, which is compared later. */
export async function tryDial(host: Host, target: Multiaddr, signal: AbortSignal): Promise<DialAttempt> {
  const startedMs = performance.now()
  const elapsedMs = (): number => performance.now() - startedMs
  let tcpMs: number | undefined
  const onProgress = ({ type }: { readonly type: string }): void => {
    if (type === 'upgrader:encrypt-outbound-connection') tcpMs = elapsedMs()
  }
  try {
    const connection = await withDeadline({ ms: DIAL_MS, signal }, (deadline) =>
      host.dialUncharged(target, () => host.libp2p.dial(target, { force: true, signal: deadline, onProgress })),
    )
    const totalMs = elapsedMs()
    // If libp2p joined a dial in progress, it reports no progress.
    return { at: 'tcp', tcpMs: tcpMs ?? totalMs, totalMs, outcome: ok(connection) }
  } catch (error) {
    const totalMs = elapsedMs()
    if (tcpMs === undefined) return { at: 'nothing', totalMs, failure: tcpFailure(error, target) }
    return { at: 'tcp', tcpMs, totalMs, outcome: fail(noiseFailure(error)) }
  }
}

function tcpFailure(error: unknown, target: Multiaddr): StepFailure {
  const where = hostAndPort(target)
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ECONNREFUSED') {
    return {
      why: `nothing listens on ${where}`,
      fix: 'check the port, and that the node runs: `freechains info` on its machine prints its addresses',
    }
  }
  if (isTimeout(error) || code === 'ETIMEDOUT') {
    return {
      why: `no answer from ${where}`,
      fix: 'a firewall or a router on the way may drop it: forward the port to the node, and check the address',
    }
  }
  return { why: reasonOf(error), fix: `check that this machine has a way to ${where}` }
}

function noiseFailure(error: unknown): StepFailure {
  const { name, message } = error as Error
  if (name === 'ConnectionInterceptedError') {
    return {
      why: 'this node has banned that peer for breaking the protocol',
      fix: 'wait: it is let in again after 10 minutes',
    }
  }
  if (message === 'Can not dial self') {
    return { why: 'that is this node itself', fix: 'give the address of another node' }
  }
  const said = isTimeout(error) ? 'it stays silent' : reasonOf(error)
  return {
    why: `what listens there does not speak libp2p with noise (${said})`,
    fix: 'check the port: 8331 unless told, and not that of the control port; or it has no room for more connections',
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof DeadlineError || ['TimeoutError', 'AbortError'].includes((error as Error).name)
}

function hostAndPort(target: Multiaddr): string {
  const [host, port] = target.getComponents()
  const ip = host?.value ?? ''
  return `${host?.name === 'ip6' ? `[${ip}]` : ip}:${port?.value ?? ''}`
}
