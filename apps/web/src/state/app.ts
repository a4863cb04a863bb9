/** What the whole page shares: the link to the node, who is signed in, where the reader is, and what changed. */
import { computed, effect, signal } from '@preact/signals'
import type { ControlEvent } from '../../../../src/node/control/shapes.ts'
import { Link, type LinkState } from '../link/rpc.ts'
import { isSignedIn } from '../link/session.ts'
import { routeOf, type Route } from './route.ts'

export const linkState = signal<LinkState>('connecting')
export const isOut = signal(false)
/** Grows with each new connection: what is shown is asked for again. */
export const epoch = signal(0)
export const route = signal<Route>(routeOf(location.hash))
/** The last thing that went right or wrong, told to screen readers too. */
export const notice = signal<{ readonly text: string; readonly isError: boolean } | undefined>(undefined)

type Listener = (event: ControlEvent) => void
const listeners = new Set<Listener>()

export const link = new Link({
  onState: (state) => (linkState.value = state),
  onOnline: () => (epoch.value += 1),
  onEvent: (event) => {
    for (const listener of listeners) listener(event)
  },
  onSignedOut: () => (isOut.value = true),
})

/** Calls `listener` with each event until the function that is returned is called. */
export function onEvents(listener: Listener): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export async function start(): Promise<void> {
  addEventListener('hashchange', () => {
    if (location.hash.startsWith('#token=')) location.reload()
    route.value = routeOf(location.hash)
  })
  if ((await isSignedIn()) === false) isOut.value = true
  else void link.follow()
}

export function say(text: string, isError = false): void {
  notice.value = { text, isError }
}

/** Runs what a button does; what goes wrong is told. Gives whether it went well. */
export async function attempt(task: () => Promise<unknown>): Promise<boolean> {
  try {
    await task()
    return true
  } catch (error) {
    say(error instanceof Error ? error.message : String(error), true)
    return false
  }
}

export const isOnline = computed(() => linkState.value === 'online')

let timer = 0
effect(() => {
  clearTimeout(timer)
  if (notice.value?.isError === false) timer = window.setTimeout(() => (notice.value = undefined), 4_000)
})
