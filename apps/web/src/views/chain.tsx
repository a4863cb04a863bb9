/** A chain: its head, and the view of its kind. A group is a chat; forums and identities are threads. */
import { useComputed, useSignal, useSignalEffect } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { t } from '../lang/lang.ts'
import { chainLabel } from '../parts/sidebar.tsx'
import { ChainHead } from '../parts/chain-head.tsx'
import { attempt, epoch, isOnline } from '../state/app.ts'
import { markRead } from '../state/chains.ts'
import { Feed } from '../state/feed.ts'
import { safeLine } from '../text/plain.ts'
import { ChatView } from './chat.tsx'
import { ForumView } from './forum.tsx'
import { ThreadView } from './thread.tsx'

interface ChainProps {
  readonly chain: string
  readonly thread: string | undefined
}

/** After what was shown changed, this long: then it counts as read. */
const READ_MS = 600

export function ChainView({ chain, thread }: ChainProps) {
  const feed = useMemo(() => new Feed(chain), [chain])
  useEffect(() => () => feed.close(), [feed])
  useSignalEffect(() => {
    if (epoch.value > 0) void feed.load()
  })
  useRead(feed)
  const isWaiting = useComputed(() => !feed.isLoaded.value && feed.error.value === undefined)
  return (
    <section aria-label={chainLabel(chain)} class={chain.startsWith('$') ? 'chain chat' : 'chain'}>
      <ChainHead feed={feed} isInside={thread !== undefined} />
      {isWaiting.value && <p class="muted">{t().loading}</p>}
      {feed.error.value !== undefined && isOnline.value && <p class="bad">{safeLine(feed.error.value)}</p>}
      {feed.isLoaded.value &&
        (chain.startsWith('$') ? (
          <ChatView feed={feed} />
        ) : thread === undefined ? (
          <ForumView feed={feed} />
        ) : (
          <ThreadView feed={feed} id={thread} />
        ))}
    </section>
  )
}

function useRead(feed: Feed): void {
  const timer = useSignal(0)
  useSignalEffect(() => {
    if (feed.blocks.value.size === 0 || !feed.isLoaded.value) return
    clearTimeout(timer.peek())
    timer.value = window.setTimeout(() => {
      if (isOnline.value && document.visibilityState === 'visible') void attempt(() => markRead(feed.chain))
    }, READ_MS)
  })
  useEffect(() => () => clearTimeout(timer.peek()), [feed])
}
