/**
 * `peer.check` (spec §11): reaches a peer step by step over a connection of its own, and reports which step fails and
 * how to fix it. It changes nothing, and closes what it opened.
 */
import type { Connection } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { fail, ok } from '../../dag/result.ts'
import { tryDial, resolveTargets, type DialAttempt, type StepOutcome } from './peer-check-dial.ts'
import { identifyStep, IdentifyResults, chainStep, protocolStep } from './peer-check-protocol.ts'
import { PEER_CHECK_STEPS, type PeerCheckStep } from '../control/shapes.ts'
import type { Host } from '../net/host/host.ts'
import type { Logger } from '../base/log.ts'
import { peerIdOf } from '../net/host/peer-address.ts'
import type { Replica } from '../chain/replica.ts'
import { StreamCut } from '../net/host/streams.ts'

const CLOSE_MS = 1_000

export interface PeerCheckOptions {
  readonly address: Multiaddr
  /** The chain to ask for; without it the last step is skipped. */
  readonly replica?: Replica
}

export interface PeerCheckModules {
  readonly host: Host
  readonly log: Logger
}

type StepName = PeerCheckStep['step']

/** Runs the steps in order; those after a failed one are skipped. */
export async function checkPeer(
  options: PeerCheckOptions,
  modules: PeerCheckModules,
  signal: AbortSignal,
): Promise<PeerCheckStep[]> {
  const report = new StepReport()
  const identities = new IdentifyResults(modules.host)
  const closers: (() => Promise<void> | void)[] = []
  try {
    await runSteps(options, { ...modules, report, identities, closers }, signal)
  } finally {
    identities.stop()
    for (const close of closers.reverse()) await close()
  }
  return report.complete()
}

interface CheckRun extends PeerCheckModules {
  readonly report: StepReport
  readonly identities: IdentifyResults
  readonly closers: (() => Promise<void> | void)[]
}

async function runSteps({ address, replica }: PeerCheckOptions, course: CheckRun, signal: AbortSignal): Promise<void> {
  const { host, log, report, identities, closers } = course
  const targets = await report.run('resolve', () => resolveStep(address, signal))
  if (targets === undefined) return
  const tried = await firstThatAnswers(host, targets, signal)
  if (tried.at === 'tcp' && tried.outcome.ok) {
    const { value: connection } = tried.outcome
    closers.push(() => hangUp(connection))
  }
  const connection = reportDial(report, tried, peerIdOf(address))
  if (connection === undefined) return
  const identity = await report.run('identify', () => identifyStep(identities, connection, signal))
  if (identity === undefined) return
  const syncStream = await report.run('protocol', () => protocolStep(connection, identity, log, signal))
  if (syncStream === undefined) return
  closers.push(() => {
    syncStream.close()
  })
  if (replica !== undefined) await report.run('chain', () => chainStep(syncStream, replica, host.peerId, signal))
}

/** Collects the outcome of each step. The first failed step is the last that ran. */
class StepReport {
  readonly #steps: PeerCheckStep[] = []

  async run<T>(step: StepName, job: () => Promise<StepOutcome<T>>): Promise<T | undefined> {
    const startedMs = performance.now()
    const outcome = await job()
    return this.add(step, performance.now() - startedMs, outcome)
  }

  add<T>(step: StepName, ms: number, outcome: StepOutcome<T>): T | undefined {
    const passed = outcome.ok ? outcome.value : undefined
    const words = outcome.ok ? { why: outcome.value.why } : outcome.fault
    this.#steps.push({ step, state: outcome.ok ? 'ok' : 'failed', ms: Math.round(ms), ...words })
    return passed?.value
  }

  /** All steps, including those that did not run. */
  complete(): PeerCheckStep[] {
    const left = PEER_CHECK_STEPS.slice(this.#steps.length)
    const why = this.#steps.at(-1)?.state === 'failed' ? 'a step before it failed' : 'no chain was named'
    return [...this.#steps, ...left.map((step) => ({ step, state: 'skipped' as const, ms: 0, why }))]
  }
}

async function resolveStep(address: Multiaddr, signal: AbortSignal): Promise<StepOutcome<Multiaddr[]>> {
  const targets = await resolveTargets(address, signal)
  return targets.ok ? ok({ value: targets.value, why: targets.value.join(' ') }) : targets
}

/** The first address where something listens; if there is none, the last attempt. */
async function firstThatAnswers(host: Host, targets: readonly Multiaddr[], signal: AbortSignal): Promise<DialAttempt> {
  let last: DialAttempt = {
    at: 'nothing',
    totalMs: 0,
    failure: { why: 'there is no address to dial', fix: 'give another' },
  }
  for (const target of targets) {
    last = await tryDial(host, target, signal)
    if (last.at === 'tcp') break
  }
  return last
}

/** Reports one dial as two steps, TCP and noise. */
function reportDial(report: StepReport, tried: DialAttempt, expected: string | undefined): Connection | undefined {
  if (tried.at === 'nothing') {
    report.add('dial', tried.totalMs, fail(tried.failure))
    return undefined
  }
  const { tcpMs, totalMs, outcome } = tried
  report.add('dial', tcpMs, ok({ value: true, why: 'something listens there' }))
  return report.add('noise', totalMs - tcpMs, outcome.ok ? comparePeerId(outcome.value, expected) : outcome)
}

function comparePeerId(connection: Connection, expected: string | undefined): StepOutcome<Connection> {
  const found = connection.remotePeer.toString()
  if (expected === undefined || expected === found) return ok({ value: connection, why: `it is ${found}` })
  return fail({
    why: `expected ${expected}, is ${found}`,
    fix: 'another node lives there now, or it has a new key: ask for its address again (`freechains info` on it)',
  })
}

async function hangUp(connection: Connection): Promise<void> {
  try {
    await connection.close({ signal: AbortSignal.timeout(CLOSE_MS) })
  } catch {
    connection.abort(new StreamCut('checked'))
  }
}
