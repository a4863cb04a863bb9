/**
 * Markdown that a stranger wrote, as nodes of the page. `marked` makes HTML, DOMPurify takes out whatever is not in the list
 * below: no styles, classes, ids, forms, frames nor pictures from elsewhere. Links say where they go.
 */
import DOMPurify from 'dompurify'
import { Marked } from 'marked'
import { safe, safeLine } from './plain.ts'

const TAGS = [
  ...['p', 'br', 'hr', 'em', 'strong', 'del', 'code', 'pre', 'blockquote', 'ul', 'ol', 'li', 'a'],
  ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'table', 'thead', 'tbody', 'tr', 'th', 'td'],
]
const LINK = /^(?:https?:|mailto:)/i

/** HTML that stands in the text is text: it is shown, not obeyed. A picture is a link to it, for nothing is fetched. */
const marked = new Marked({
  gfm: true,
  breaks: true,
  renderer: {
    html: ({ text }) => escaped(text),
    image: ({ href, text }) => `<a href="${escaped(href)}">${escaped(text === '' ? href : text)}</a>`,
  },
})

export function markdown(text: string): DocumentFragment {
  const html = marked.parse(safe(text), { async: false })
  const fragment = DOMPurify.sanitize(html, {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ['href', 'start'],
    ALLOWED_URI_REGEXP: LINK,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  })
  for (const heading of fragment.querySelectorAll('h1,h2,h3,h4,h5,h6')) lower(heading)
  for (const anchor of fragment.querySelectorAll('a')) mend(anchor)
  for (const text of textsOf(fragment)) text.data = safe(text.data)
  for (const table of fragment.querySelectorAll('pre,table')) table.setAttribute('tabindex', '0')
  return fragment
}

/** Entities, such as `&#x202E;`, are characters only now: what is unseen is looked for once more. */
function textsOf(fragment: DocumentFragment): Text[] {
  const walker = document.createTreeWalker(fragment, NodeFilter.SHOW_TEXT)
  const found: Text[] = []
  while (walker.nextNode() !== null) found.push(walker.currentNode as Text)
  return found
}

/** Headings of a post stand under those of the page. */
function lower(heading: Element): void {
  const paragraph = document.createElement('p')
  paragraph.className = 'heading'
  paragraph.append(...heading.childNodes)
  heading.replaceWith(paragraph)
}

function mend(anchor: HTMLAnchorElement): void {
  const href = anchor.getAttribute('href')
  if (href === null || !LINK.test(href)) {
    anchor.replaceWith(...anchor.childNodes)
    return
  }
  anchor.rel = 'noopener noreferrer nofollow'
  anchor.target = '_blank'
  const place = placeOf(href)
  if (anchor.textContent.trim() === href || anchor.textContent.trim() === place) return
  const where = document.createElement('span')
  where.className = 'where'
  where.textContent = ` (${safeLine(place)})`
  anchor.append(where)
}

/** Where a link goes: the host, in the form that look-alike letters cannot fake. */
function placeOf(href: string): string {
  try {
    const { protocol, hostname, pathname } = new URL(href)
    return protocol === 'mailto:' ? pathname : hostname
  } catch {
    return href
  }
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${String(char.charCodeAt(0))};`)
}
