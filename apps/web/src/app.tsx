/** The frame: skip link, chains at the side, the view in the middle, what happened at the foot. */
import { useEffect, useRef } from 'preact/hooks'
import { isOut, linkState, notice, route } from './state/app.ts'
import { t } from './lang/lang.ts'
import { useShortcuts } from './parts/shortcuts.ts'
import { Sidebar } from './parts/sidebar.tsx'
import { ChainView } from './views/chain.tsx'
import { HomeView } from './views/home.tsx'
import { KeysView } from './views/keys.tsx'
import { NodeView } from './views/node.tsx'
import { SignedOut } from './views/signed-out.tsx'

export function App() {
  useShortcuts()
  if (isOut.value) return <SignedOut />
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        {t().skip}
      </a>
      <div class="frame">
        <Sidebar />
        <Main />
      </div>
      {linkState.value === 'away' && (
        <div class="banner" role="status">
          {t().link.away}
        </div>
      )}
      <Notice />
    </>
  )
}

/** The address has the view: the link must not change it. */
function skip(event: Event): void {
  event.preventDefault()
  document.getElementById('main')?.focus()
}

function Main() {
  const at = route.value
  const place = useRef<HTMLElement>(null)
  const isFirst = useRef(true)
  const where = at.at === 'chain' ? `${at.chain}/${at.thread ?? ''}` : at.at
  useEffect(() => {
    if (!isFirst.current) place.current?.focus({ preventScroll: true })
    isFirst.current = false
    scrollTo(0, 0)
    document.title = `${at.at === 'chain' ? at.chain.slice(0, 24) : t()[titles[at.at]]} · Freechains`
  }, [where])
  return (
    <main id="main" tabIndex={-1} ref={place}>
      {at.at === 'home' && <HomeView />}
      {at.at === 'keys' && <KeysView />}
      {at.at === 'node' && <NodeView />}
      {at.at === 'chain' && <ChainView key={at.chain} chain={at.chain} thread={at.thread} />}
    </main>
  )
}

const titles = { home: 'home', keys: 'identity', node: 'node' } as const

function Notice() {
  const now = notice.value
  return (
    <div class="notices" role="status" aria-live="polite">
      {now !== undefined && (
        <div class={now.isError ? 'notice error' : 'notice'}>
          <span>{now.text}</span>
          <button type="button" class="plain" aria-label={t().close} onClick={() => (notice.value = undefined)}>
            ×
          </button>
        </div>
      )}
    </div>
  )
}
