/** What a post says: text as Markdown, pictures of known types from blobs, all else as a file to save. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { ListedBlock } from '../../../../src/node/control/shapes.ts'
import { sizeOf, t } from '../lang/lang.ts'
import { attempt, link } from '../state/app.ts'
import { bytesAs, contentOf, type Content } from '../state/feed.ts'
import { fromBase64 } from '../../../../src/node/control/client/browser-bytes.ts'
import { markdown } from '../text/markdown.ts'
import { safeLine } from '../text/plain.ts'

interface BodyProps {
  readonly chain: string
  readonly block: ListedBlock
}

export function Body({ chain, block }: BodyProps) {
  const given = useMemo(() => contentOf(block), [block.content?.is, block.content?.payload])
  const [loaded, setLoaded] = useState<Content | undefined>(undefined)
  const load = async (): Promise<void> => {
    const payload = await link.call('chain.get', { chain, id: block.id, part: 'payload' })
    setLoaded(bytesAs(fromBase64(payload), block.pay.type))
  }
  const content = given.is === 'long' ? (loaded ?? given) : given
  switch (content.is) {
    case 'text':
      return <Text text={content.text} />
    case 'picture':
      return <Picture type={content.type} bytes={content.bytes} name={block.pay.name} />
    case 'file':
      return <Saved bytes={content.bytes} name={block.pay.name} />
    case 'long':
      return (
        <p class="muted">
          {t().post.long(sizeOf(block.pay.size))}{' '}
          <button type="button" class="small" onClick={() => void attempt(load)}>
            {t().post.load}
          </button>
        </p>
      )
    case 'missing':
      return <p class="muted">{t().post.missing}</p>
    case 'sealed':
      return <p class="muted">{t().post.sealed}</p>
    case 'hidden':
      return <p class="muted">{t().post.hidden}</p>
  }
}

export function Text({ text }: { readonly text: string }) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => place.current?.replaceChildren(markdown(text)), [text])
  return <div class="text" ref={place} />
}

function useBlob(bytes: Uint8Array<ArrayBuffer>, type: string): string {
  const url = useMemo(() => URL.createObjectURL(new Blob([bytes], { type })), [bytes, type])
  useEffect(() => () => URL.revokeObjectURL(url), [url])
  return url
}

interface FileProps {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly name: string | undefined
}

function Picture({ type, bytes, name }: FileProps & { readonly type: string }) {
  const url = useBlob(bytes, type)
  return <img class="picture" src={url} alt={safeLine(name ?? t().post.picture)} loading="lazy" />
}

/** Saved as bytes of no type, so that no browser opens it as a page. */
function Saved({ bytes, name }: FileProps) {
  const url = useBlob(bytes, 'application/octet-stream')
  const shown = safeLine(name ?? 'file')
  return (
    <p>
      <a class="file" href={url} download={shown.replace(/[\\/]/g, '_')}>
        ⤓ {shown} <small>{sizeOf(bytes.length)}</small>
      </a>
    </p>
  )
}
