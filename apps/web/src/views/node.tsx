/** The node: what it is, its peers, what its chains take on the disk, and why a peer is not reached. */
import { useSignal, useSignalEffect } from '@preact/signals'
import type { ResultOf } from '../../../../src/node/control/schema.ts'
import { sizeOf, t } from '../lang/lang.ts'
import { Field } from '../parts/field.tsx'
import { attempt, epoch, link, say } from '../state/app.ts'
import { safeLine } from '../text/plain.ts'
import { submits } from '../parts/submits.ts'

const ASK_MS = 3_000

interface Known {
  readonly info: ResultOf<'host.info'>
  readonly peers: ResultOf<'peer.list'>
  readonly chains: readonly { readonly name: string; readonly status: ResultOf<'chain.status'> }[]
}

export function NodeView() {
  const known = useSignal<Known | undefined>(undefined)
  const ask = async (): Promise<void> => {
    const [info, peers, listed] = await Promise.all([
      link.call('host.info', {}),
      link.call('peer.list', {}),
      link.call('chains.list', {}),
    ])
    const joined = listed.filter(({ leftOver }) => leftOver === undefined)
    const chains = await Promise.all(
      joined.map(async ({ name, id }) => ({ name, status: await link.call('chain.status', { chain: id }) })),
    )
    known.value = { info, peers, chains }
  }
  useSignalEffect(() => {
    if (epoch.value === 0) return
    void ask().catch(() => undefined)
    const timer = setInterval(() => void ask().catch(() => undefined), ASK_MS)
    return () => clearInterval(timer)
  })
  if (known.value === undefined) return <p class="muted">{t().loading}</p>
  const { info, peers, chains } = known.value
  return (
    <>
      <h1>{t().nodePage.title}</h1>
      {(info.readOnly ?? info.warning) !== undefined && (
        <p class="card call">{safeLine(info.readOnly ?? info.warning ?? '')}</p>
      )}
      <dl class="card facts-list">
        <dt>{t().nodePage.version}</dt>
        <dd>{info.version}</dd>
        <dt>{t().nodePage.up}</dt>
        <dd>{lasted(info.uptimeMs)}</dd>
        <dt>{t().nodePage.peerId}</dt>
        <dd>
          <code class="break">{info.peerId}</code>
        </dd>
        <dt>{t().nodePage.addresses}</dt>
        <dd>
          {info.addresses.map((address) => (
            <code key={address} class="break block">
              {address}
            </code>
          ))}
        </dd>
        <dt>{t().nodePage.data}</dt>
        <dd>
          <code class="break">{info.dataDir}</code>
        </dd>
      </dl>
      <h2>{t().nodePage.peers}</h2>
      {peers.length === 0 && <p class="muted">{t().nodePage.noPeers}</p>}
      <ul class="peers">
        {peers.map(({ id, addresses, connected, chains: shared, why }) => (
          <li key={id ?? addresses[0]} class="card">
            <span class={`bead ${connected ? 'good' : 'off'}`} aria-hidden="true" />
            <div class="grow">
              <code class="break">{id ?? addresses[0]}</code>
              <small class="muted block">
                {connected
                  ? t().nodePage.connected
                  : `${t().nodePage.notConnected}${why === undefined ? '' : `: ${safeLine(why)}`}`}
                {shared !== undefined &&
                  shared.length > 0 &&
                  ` · ${t().nodePage.shares} ${shared.map(safeLine).join(', ')}`}
              </small>
            </div>
          </li>
        ))}
      </ul>
      <Check onAdded={ask} />
      <h2>{t().nodePage.storage}</h2>
      <div class="scroll" tabIndex={0} role="region" aria-label={t().nodePage.storage}>
        <table>
          <thead>
            <tr>
              <th>{t().nodePage.chain}</th>
              <th>{t().nodePage.state}</th>
              <th class="number">{t().nodePage.blocks}</th>
              <th class="number">{t().nodePage.size}</th>
              <th class="number">{t().nodePage.missing}</th>
            </tr>
          </thead>
          <tbody>
            {chains.map(({ name, status }) => (
              <tr key={name}>
                <td class="break">{safeLine(name.length > 24 ? `${name.slice(0, 24)}…` : name)}</td>
                <td title={status.why}>{t().chain.state[status.state] ?? status.state}</td>
                <td class="number">{status.blocks}</td>
                <td class="number">{sizeOf(status.bytes)}</td>
                <td class="number">{status.missing}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  )
}

function Check({ onAdded }: { readonly onAdded: () => Promise<void> }) {
  const addr = useSignal('')
  const steps = useSignal<ResultOf<'peer.check'> | undefined>(undefined)
  const isBusy = useSignal(false)
  const check = async (): Promise<void> => {
    isBusy.value = true
    await attempt(async () => (steps.value = await link.call('peer.check', { addr: addr.value.trim() })))
    isBusy.value = false
  }
  const add = (): Promise<boolean> =>
    attempt(async () => {
      await link.call('peer.add', { addr: addr.value.trim() })
      say(t().nodePage.added)
      await onAdded()
    })
  return (
    <form class="card" onSubmit={submits(() => addr.value.trim() !== '' && check())}>
      <h2>{t().nodePage.checkTitle}</h2>
      <Field label={t().nodePage.address} value={addr} placeholder="/ip4/192.0.2.1/tcp/8331" />
      <div class="acts">
        <button type="submit" class="main" disabled={isBusy.value}>
          {isBusy.value ? t().keys.working : t().nodePage.check}
        </button>
        <button type="button" onClick={() => void add()}>
          {t().nodePage.add}
        </button>
      </div>
      {steps.value !== undefined && (
        <ol class="steps">
          {steps.value.map(({ step, state, ms, why, fix }) => (
            <li key={step}>
              <span class={`bead ${state === 'ok' ? 'good' : state === 'failed' ? 'off' : ''}`} aria-hidden="true" />
              <b>{step}</b> {t().nodePage.steps[state]} <small class="muted">{ms} ms</small>{' '}
              <span>{safeLine(why)}</span>
              {fix !== undefined && <p>{safeLine(fix)}</p>}
            </li>
          ))}
        </ol>
      )}
    </form>
  )
}

function lasted(ms: number): string {
  const minutes = Math.floor(ms / 60_000)
  const hours = Math.floor(minutes / 60)
  const days = Math.floor(hours / 24)
  if (days > 0) return `${String(days)} d ${String(hours % 24)} h`
  return hours > 0 ? `${String(hours)} h ${String(minutes % 60)} min` : `${String(minutes)} min`
}
