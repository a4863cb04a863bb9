/** The chains of this node, what is unread in each, and what waits to be welcomed. Asked for again a moment after events. */
import { effect, signal } from '@preact/signals'
import { attempt, epoch, link, onEvents } from './app.ts'

export interface ChainLine {
  readonly name: string
  readonly id: string
  readonly unread: number
  /** Held posts of others, which somebody with reps can welcome here. */
  readonly waiting: number
  readonly state: string
  readonly warning?: string
}

const PLACE = 'freechains.read'
const PAUSE_MS = 400

export const chains = signal<readonly ChainLine[] | undefined>(undefined)

/** How far each chain was read: the cursor of `chains.news`. */
const marks: Record<string, string[]> = readMarks()

function readMarks(): Record<string, string[]> {
  try {
    return JSON.parse(localStorage.getItem(PLACE) ?? '{}') as Record<string, string[]>
  } catch {
    return {}
  }
}

export async function refreshChains(): Promise<void> {
  const [listed, news] = await Promise.all([link.call('chains.list', {}), askNews()])
  const joined = listed.filter(({ leftOver }) => leftOver === undefined)
  const lines = joined.map(async ({ name, id, warning }): Promise<ChainLine> => {
    const status = await link.call('chain.status', { chain: id })
    const unread = news.find((line) => line.name === name)?.posts ?? 0
    const line = { name, id, unread, waiting: status.guests.length, state: status.state }
    return warning === undefined ? line : { ...line, warning }
  })
  chains.value = (await Promise.all(lines)).sort((a, b) => a.name.localeCompare(b.name))
}

/** A cursor may name what is not here any more: then it is read from the beginning again. */
async function askNews(): Promise<{ readonly name: string; readonly posts: number }[]> {
  try {
    return await link.call('chains.news', { from: marks, last: 0 })
  } catch {
    return link.call('chains.news', { last: 0 })
  }
}

/** All that is in the chain now was seen. */
export async function markRead(chain: string): Promise<void> {
  marks[chain] = await link.call('chain.heads', { chain })
  localStorage.setItem(PLACE, JSON.stringify(marks))
  chains.value = chains.value?.map((line) => (line.name === chain ? { ...line, unread: 0 } : line))
}

let timer = 0
function soon(): void {
  clearTimeout(timer)
  timer = window.setTimeout(() => void attempt(refreshChains), PAUSE_MS)
}

onEvents(soon)
effect(() => {
  if (epoch.value > 0) void attempt(refreshChains)
})
