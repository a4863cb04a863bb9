/** The head of a chain: its name, how well it is in sync, who I am in it, the invite, and the way out. */
import { useSignal, useSignalEffect } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { ResultOf } from '../../../../src/node/control/schema.ts'
import { publish } from '../keys/publish.ts'
import { isUnlocked, me } from '../keys/vault.ts'
import { sizeOf, t } from '../lang/lang.ts'
import { attempt, epoch, link, onEvents, say } from '../state/app.ts'
import { refreshChains } from '../state/chains.ts'
import { PROFILE, type Feed } from '../state/feed.ts'
import { hashOf } from '../state/route.ts'
import { safeLine } from '../text/plain.ts'
import { Field } from './field.tsx'
import { submits } from './submits.ts'
import { chainLabel } from './sidebar.tsx'

/** Peers come and go without an event. */
const ASK_MS = 5_000
const SOON_MS = 300

interface HeadProps {
  readonly feed: Feed
  readonly isInside: boolean
}

export function ChainHead({ feed, isInside }: HeadProps) {
  const { chain } = feed
  const status = useSignal<ResultOf<'chain.status'> | undefined>(undefined)
  const reps = useSignal<number | 'unlimited' | undefined>(undefined)
  const invite = useSignal<string | undefined>(undefined)
  const ask = async (): Promise<void> => {
    status.value = await link.call('chain.status', { chain })
    const pub = me.value?.pub
    reps.value =
      pub === undefined || chain.startsWith('$')
        ? undefined
        : ((await link.call('chain.reps', { chain, of: pub })) as number | 'unlimited')
  }
  useSignalEffect(() => {
    if (epoch.value > 0 && me.value !== null) void ask().catch(() => undefined)
  })
  useEffect(() => {
    let soon = 0
    const timer = setInterval(() => void ask().catch(() => undefined), ASK_MS)
    const stop = onEvents((event) => {
      if (event.chain !== chain) return
      clearTimeout(soon)
      soon = window.setTimeout(() => void ask().catch(() => undefined), SOON_MS)
    })
    return () => {
      clearInterval(timer)
      clearTimeout(soon)
      stop()
    }
  }, [chain])
  const synced = status.value?.peers.filter(({ state }) => state === 'synced').length ?? 0
  return (
    <div class="head">
      <div class="grow">
        <h1>
          <span class="sign" aria-hidden="true">
            {chain.charAt(0)}
          </span>
          {chainLabel(chain)}
        </h1>
        <p class="muted facts">
          {isInside && <a href={hashOf(chain)}>← {t().post.all}</a>}
          {status.value !== undefined && (
            <span title={status.value.why}>
              <span class={`bead ${status.value.state === 'synced' ? 'good' : ''}`} aria-hidden="true" />
              {t().chain.state[status.value.state] ?? status.value.state} · {t().chain.peers(synced)}
            </span>
          )}
          {reps.value !== undefined && (
            <span>
              {t().chain.mine} <b class="mine">{t().chain.reps(reps.value)}</b>
            </span>
          )}
        </p>
      </div>
      <button
        type="button"
        onClick={() =>
          void attempt(async () => {
            const made = await link.call('chains.invite', { chain, withKey: chain.startsWith('$') })
            invite.value = made.invite
          })
        }
      >
        {t().chain.invite}
      </button>
      <details class="more">
        <summary aria-label={t().chain.about}>⋯</summary>
        <div class="card pop">
          {status.value !== undefined && (
            <p class="muted">
              {t().nodePage.blocks}: {status.value.blocks} · {sizeOf(status.value.bytes)}
              <br />
              {safeLine(status.value.why)}
            </p>
          )}
          {isUnlocked.value && <NameHere feed={feed} />}
          <button type="button" class="plain quiet" onClick={() => void leave(chain)}>
            {t().chain.leave}
          </button>
        </div>
      </details>
      {invite.value !== undefined && (
        <div class="card wide">
          <p>
            {t().chain.inviteText} {chain.startsWith('$') && <b>{t().chain.inviteKey}</b>}
          </p>
          <textarea
            readOnly
            rows={3}
            class="invite"
            aria-label={t().chain.invite}
            value={invite.value}
            onFocus={({ currentTarget }) => currentTarget.select()}
          />
          <div class="acts">
            <button
              type="button"
              class="main"
              onClick={() =>
                void attempt(async () => {
                  await navigator.clipboard.writeText(invite.value ?? '')
                  say(t().copied)
                })
              }
            >
              {t().copy}
            </button>
            <button type="button" onClick={() => (invite.value = undefined)}>
              {t().close}
            </button>
          </div>
        </div>
      )}
    </div>
  )
}

async function leave(chain: string): Promise<void> {
  if (!confirm(t().chain.leaveSure(chain))) return
  await attempt(async () => {
    await link.call('chains.leave', { name: chain })
    location.hash = '#/'
    await refreshChains()
    say(t().chain.left)
  })
}

/** A profile is a post of its own type (docs/apps.md). */
function NameHere({ feed }: { readonly feed: Feed }) {
  const name = useSignal(feed.people.value.get(me.value?.pub ?? '')?.name ?? '')
  const save = (): Promise<boolean> =>
    attempt(async () => {
      await publish({ chain: feed.chain, text: JSON.stringify({ name: name.value.trim() }), type: PROFILE })
      say(t().chain.saved)
    })
  return (
    <form onSubmit={submits(() => name.value.trim() !== '' && save())}>
      <Field label={t().chain.nameHere} value={name} />
      <button type="submit">{t().chain.save}</button>
    </form>
  )
}
