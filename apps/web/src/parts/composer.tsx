/** Where one writes: Markdown with a preview, or one picture or file. */
import { useSignal } from '@preact/signals'
import { useId, useRef } from 'preact/hooks'
import { publish } from '../keys/publish.ts'
import { isUnlocked } from '../keys/vault.ts'
import { sizeOf, t } from '../lang/lang.ts'
import { attempt, say } from '../state/app.ts'
import { toBase64 } from '../../../../src/node/control/client/browser-bytes.ts'
import { fitPicture, pictureLimit } from '../text/picture.ts'
import { Text } from './body.tsx'
import { submits } from './submits.ts'

interface ComposerProps {
  readonly chain: string
  readonly re?: string | undefined
  readonly label: string
  /** A line that is sent by Enter, as in a chat. */
  readonly isShort?: boolean
  readonly onSent?: (id: string) => void
  readonly onCancel?: () => void
}

export function Composer({ chain, re, label, isShort = false, onSent, onCancel }: ComposerProps) {
  const text = useSignal('')
  const file = useSignal<File | undefined>(undefined)
  const isPreview = useSignal(false)
  const isSending = useSignal(false)
  const area = useRef<HTMLTextAreaElement>(null)
  const picker = useRef<HTMLInputElement>(null)
  const id = useId()

  if (!isUnlocked.value) {
    return (
      <p class="locked">
        <a href="#/keys">{t().post.unlockFirst}</a>
      </p>
    )
  }

  const send = async (): Promise<void> => {
    const words = text.value.trim()
    if (isSending.value || (words === '' && file.value === undefined)) return
    isSending.value = true
    const went = await attempt(async () => {
      const answered = re === undefined ? {} : { re }
      let last =
        file.value === undefined
          ? undefined
          : await publish({ chain, ...answered, ...(await payloadOf(file.value, chain)) })
      if (words !== '') last = await publish({ chain, ...answered, text: words, type: 'text/markdown' })
      text.value = ''
      file.value = undefined
      isPreview.value = false
      if (last?.state === 'held') say(t().post.waitsMine)
      else if (!isShort) say(t().post.sent)
      if (last !== undefined) onSent?.(last.id)
    })
    isSending.value = false
    if (went && isShort) area.current?.focus()
  }

  const onKey = (event: KeyboardEvent): void => {
    const isSent =
      event.key === 'Enter' && !event.isComposing && (isShort ? !event.shiftKey : event.ctrlKey || event.metaKey)
    if (isSent) {
      event.preventDefault()
      void send()
    }
    if (event.key === 'Escape') onCancel?.()
  }

  return (
    <form class={isShort ? 'composer short' : 'composer'} onSubmit={submits(send)}>
      {!isShort && (
        <div class="tabs">
          <button type="button" aria-pressed={!isPreview.value} onClick={() => (isPreview.value = false)}>
            {t().post.write}
          </button>
          <button type="button" aria-pressed={isPreview.value} onClick={() => (isPreview.value = true)}>
            {t().post.preview}
          </button>
        </div>
      )}
      <label class="unseen" for={id}>
        {label}
      </label>
      {isPreview.value ? (
        <div class="preview">
          <Text text={text.value} />
        </div>
      ) : (
        <textarea
          id={id}
          ref={area}
          data-write
          rows={isShort ? 1 : 5}
          placeholder={label}
          value={text.value}
          onInput={({ currentTarget }) => (text.value = currentTarget.value)}
          onKeyDown={onKey}
          onPaste={(event) => {
            const pasted = event.clipboardData?.files[0]
            if (pasted !== undefined) file.value = pasted
          }}
        />
      )}
      {file.value !== undefined && (
        <p class="attached">
          {t().post.attached(file.value.name, sizeOf(file.value.size))}{' '}
          <button type="button" class="small" onClick={() => (file.value = undefined)}>
            {t().post.drop}
          </button>
        </p>
      )}
      <div class="bar">
        <button type="button" class="plain" onClick={() => picker.current?.click()}>
          {isShort ? <span aria-hidden="true">+</span> : t().post.attach}
          {isShort && <span class="unseen">{t().post.attach}</span>}
        </button>
        <input
          ref={picker}
          type="file"
          hidden
          aria-label={t().post.attach}
          onChange={({ currentTarget }) => {
            file.value = currentTarget.files?.[0]
            currentTarget.value = ''
          }}
        />
        {!isShort && <small class="grow muted">{t().post.markdown}</small>}
        {onCancel !== undefined && (
          <button type="button" onClick={onCancel}>
            {t().cancel}
          </button>
        )}
        <button type="submit" class="main" disabled={isSending.value}>
          {t().post.send}
        </button>
      </div>
    </form>
  )
}

/** A picture is made to fit; other files go as they are, and the node says what is too large. */
async function payloadOf(file: File, chain: string): Promise<{ payload: string; type?: string; name: string }> {
  const isPicture = /^image\/(?:jpeg|png|gif|webp)$/.test(file.type)
  const fitted = isPicture ? await fitPicture(file, pictureLimit(chain)) : file
  if (fitted === undefined) throw new CallFault(t().post.tooBig)
  const payload = toBase64(new Uint8Array(await fitted.arrayBuffer()))
  const name = isPicture ? file.name.replace(/\.\w+$/, '.jpg') : file.name
  return fitted.type === ''
    ? { payload, name }
    : { payload, name, type: fitted.type.split(';')[0]?.toLowerCase() ?? '' }
}

class CallFault extends Error {}
