/** The chains at the side; on a phone, at the top behind a button. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { isUnlocked, me } from '../keys/vault.ts'
import { LANGUAGES, language, setLanguage, t, type Language } from '../lang/lang.ts'
import { linkState, route } from '../state/app.ts'
import { chains } from '../state/chains.ts'
import { hashOf } from '../state/route.ts'
import { isDark, toggleTheme } from '../state/theme.ts'
import { safeLine } from '../text/plain.ts'
import { Dot, shortKey } from './author.tsx'

export function Sidebar() {
  const isOpen = useSignal(false)
  const at = route.value
  useEffect(() => {
    isOpen.value = false
  }, [at])
  return (
    <header class={isOpen.value ? 'side open' : 'side'}>
      <div class="brand">
        <a href="#/" class="logo">
          <img src="/icon.svg" alt="" width="28" height="28" />
          Freechains
        </a>
        <button type="button" class="menu" aria-expanded={isOpen.value} onClick={() => (isOpen.value = !isOpen.value)}>
          {t().menu}
        </button>
      </div>
      <div class="rest">
        <nav aria-label={t().menu}>
          <Place hash="#/" isHere={at.at === 'home'} sign="⌂">
            {t().home}
          </Place>
          <h2>{t().chains}</h2>
          <ul>
            {chains.value?.map(({ name, unread, waiting }) => (
              <li key={name}>
                <Place
                  hash={hashOf(name)}
                  isHere={at.at === 'chain' && at.chain === name}
                  sign={name.charAt(0)}
                  count={unread}
                  countText={t().start.unread(unread)}
                  isWaiting={waiting > 0}
                >
                  {chainLabel(name)}
                </Place>
              </li>
            ))}
          </ul>
          <Place hash="#/node" isHere={at.at === 'node'} sign="◍">
            {t().node}
          </Place>
        </nav>
        <div class="foot">
          <a class="me" href="#/keys" aria-current={at.at === 'keys' ? 'page' : undefined}>
            {me.value === undefined ? (
              t().keys.none
            ) : (
              <>
                <Dot pub={me.value.pub} />
                <span class="grow">
                  {safeLine(me.value.name)}
                  <small>{isUnlocked.value ? shortKey(me.value.pub) : t().keys.locked}</small>
                </span>
              </>
            )}
          </a>
          <div class="row">
            <span class={`light ${linkState.value}`}>
              {t().link[linkState.value === 'away' ? 'connecting' : linkState.value]}
            </span>
          </div>
          <div class="row">
            <select
              aria-label={t().language}
              value={language.value}
              onChange={({ currentTarget }) => setLanguage(currentTarget.value as Language)}
            >
              {Object.entries(LANGUAGES).map(([code, name]) => (
                <option key={code} value={code}>
                  {name}
                </option>
              ))}
            </select>
            <button
              type="button"
              class="small"
              onClick={toggleTheme}
              aria-label={`${t().theme}: ${isDark.value ? t().light : t().dark}`}
            >
              {isDark.value ? '☀' : '☾'}
            </button>
          </div>
        </div>
      </div>
    </header>
  )
}

interface PlaceProps {
  readonly hash: string
  readonly isHere: boolean
  readonly sign: string
  readonly count?: number
  readonly countText?: string
  readonly isWaiting?: boolean
  readonly children: preact.ComponentChildren
}

function Place({ hash, isHere, sign, count = 0, countText, isWaiting = false, children }: PlaceProps) {
  return (
    <a class="place" href={hash} aria-current={isHere ? 'page' : undefined}>
      <span class="sign" aria-hidden="true">
        {sign}
      </span>
      <span class="grow">{children}</span>
      {isWaiting && <span class="waits" title={t().start.waits} role="img" aria-label={t().start.waits} />}
      {count > 0 && (
        <span class="count" title={countText}>
          {count > 999 ? '999+' : count}
        </span>
      )}
    </a>
  )
}

/** A chain's name without its sign; an identity by the head of its key. */
export function chainLabel(name: string): string {
  const bare = name.replace(/^(?:@!|[#$@])/, '')
  return name.startsWith('@') ? `${bare.slice(0, 8)}…` : safeLine(bare)
}
