/** One thread: the post, its answers by time, and a place to answer. */
import { useComputed, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { ListedBlock } from '../../../../src/node/control/shapes.ts'
import { t } from '../lang/lang.ts'
import { Composer } from '../parts/composer.tsx'
import { Post } from '../parts/post.tsx'
import type { Feed } from '../state/feed.ts'
import { threadsOf } from '../state/threads.ts'

export function ThreadView({ feed, id }: { readonly feed: Feed; readonly id: string }) {
  const target = useSignal<ListedBlock | undefined>(undefined)
  useEffect(() => {
    if (!feed.blocks.value.has(id)) void feed.refresh([id])
  }, [id])
  const thread = useComputed(() => threadsOf(feed.blocks.value).find(({ root }) => root.id === id))
  const found = thread.value
  if (found === undefined) return <p class="muted">{t().post.missing}</p>
  const answer = (block: ListedBlock): void => {
    target.value = block
    document.querySelector<HTMLElement>('[data-write]')?.focus()
  }
  const re = target.value?.id ?? id
  return (
    <>
      <Post feed={feed} block={found.root} onReply={answer} />
      <div class="answers">
        {found.answers.map((block) => (
          <Post key={block.id} feed={feed} block={block} onReply={answer} isFlat={block.re === id} />
        ))}
      </div>
      {found.root.state !== 'held' && (
        <>
          {target.value !== undefined && target.value.id !== id && (
            <p class="answered">
              ↪ {t().post.answering} <code>{target.value.author?.slice(0, 8)}</code>{' '}
              <button type="button" class="small" onClick={() => (target.value = undefined)}>
                ×<span class="unseen">{t().cancel}</span>
              </button>
            </p>
          )}
          <Composer chain={feed.chain} re={re} label={t().post.answer} onSent={() => (target.value = undefined)} />
        </>
      )}
    </>
  )
}
