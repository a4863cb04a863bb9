/** Home: chains with what is unread, what waits for the reader, and ways to get more. */
import { useSignal } from '@preact/signals'
import { isUnlocked, me } from '../keys/vault.ts'
import { t } from '../lang/lang.ts'
import { Field } from '../parts/field.tsx'
import { chainLabel } from '../parts/sidebar.tsx'
import { attempt, link, say } from '../state/app.ts'
import { chains, refreshChains, type ChainLine } from '../state/chains.ts'
import { hashOf } from '../state/route.ts'
import { safeLine } from '../text/plain.ts'
import { submits } from '../parts/submits.ts'

export function HomeView() {
  const all = chains.value
  const waiting = all?.filter((line) => line.waiting > 0) ?? []
  return (
    <>
      <h1>{t().start.title}</h1>
      {waiting.length > 0 && (
        <section class="card call" aria-label={t().start.waits}>
          <h2>{t().start.waits}</h2>
          <ul class="lines">
            {waiting.map((line) => (
              <li key={line.name}>
                <a href={hashOf(line.name)}>
                  <b>{safeLine(line.name)}</b>: {t().start.waiting(line.waiting)}
                </a>
              </li>
            ))}
          </ul>
        </section>
      )}
      {all === undefined && <p class="muted">{t().loading}</p>}
      {all?.length === 0 && <p class="lead">{t().start.none}</p>}
      <ul class="tiles">
        {all?.map((line) => (
          <Tile key={line.name} line={line} />
        ))}
      </ul>
      <div class="pair">
        <Join />
        <Make />
      </div>
    </>
  )
}

function Tile({ line: { name, unread, state, warning } }: { readonly line: ChainLine }) {
  const kind = t().start.kinds[name.charAt(0) as '#' | '$' | '@']
  return (
    <li>
      <a class="tile" href={hashOf(name)}>
        <span class="sign big" aria-hidden="true">
          {name.charAt(0)}
        </span>
        <span class="grow">
          <b>{chainLabel(name)}</b>
          <small class="muted">
            {kind} · {t().chain.state[state] ?? state}
          </small>
          {warning !== undefined && <small class="bad">{safeLine(warning)}</small>}
        </span>
        {unread > 0 && (
          <span class="count" title={t().start.unread(unread)}>
            {unread}
          </span>
        )}
      </a>
    </li>
  )
}

function Join() {
  const invite = useSignal('')
  const join = (): Promise<boolean> =>
    attempt(async () => {
      const { name, id, notes } = await link.call('chains.join', { invite: invite.value.trim() })
      invite.value = ''
      await refreshChains()
      say(notes?.[0] === undefined ? t().start.made(name ?? id) : safeLine(notes[0]))
      location.hash = hashOf(name ?? id)
    })
  return (
    <form class="card" onSubmit={submits(() => invite.value.trim() !== '' && join())}>
      <h2>{t().start.join}</h2>
      <Field label={t().start.invite} value={invite} isLong />
      <button type="submit" class="main">
        {t().start.joinDo}
      </button>
    </form>
  )
}

type Kind = '#' | '$' | '@'

function Make() {
  const kind = useSignal<Kind>('#')
  const name = useSignal('')
  const error = useSignal<string | undefined>(undefined)
  const kinds: readonly (readonly [Kind, string])[] = [
    ['#', t().start.forum],
    ['$', t().start.group],
    ['@', t().start.own],
  ]
  const make = async (): Promise<void> => {
    const bare = name.value.trim().replace(/^[#$@]/, '')
    const pub = me.value?.pub
    if (kind.value !== '@' && bare === '') return void (error.value = t().start.needName)
    if (kind.value !== '$' && (pub === undefined || !isUnlocked.value)) return say(t().keys.needed, true)
    error.value = undefined
    await attempt(async () => {
      const full = kind.value === '@' ? `@${pub ?? ''}` : kind.value + bare
      if (kind.value === '$') await link.call('chains.join', { name: full, newKey: true })
      else if (kind.value === '#') await link.call('chains.join', { name: full, keys: [pub ?? ''], welcome: true })
      else await link.call('chains.join', { name: full })
      name.value = ''
      await refreshChains()
      say(t().start.made(chainLabel(full)))
      location.hash = hashOf(full)
    })
  }
  return (
    <form class="card" onSubmit={submits(make)}>
      <h2>{t().start.make}</h2>
      <fieldset>
        <legend class="unseen">{t().start.kind}</legend>
        {kinds.map(([sign, text]) => (
          <label key={sign} class="choice">
            <input
              type="radio"
              name="kind"
              value={sign}
              checked={kind.value === sign}
              onChange={() => (kind.value = sign)}
            />
            <span>{text}</span>
          </label>
        ))}
      </fieldset>
      {kind.value !== '@' && <Field label={t().start.chainName} value={name} error={error.value} />}
      <button type="submit" class="main">
        {t().start.makeDo}
      </button>
    </form>
  )
}
