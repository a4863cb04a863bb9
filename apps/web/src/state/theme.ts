/** Dark or light: as the system has it, until the reader chooses. */
import { effect, signal } from '@preact/signals'

const PLACE = 'freechains.theme'
const system = matchMedia('(prefers-color-scheme: dark)')

export const isDark = signal(kept() ?? system.matches)
system.addEventListener('change', ({ matches }) => {
  if (kept() === undefined) isDark.value = matches
})

export function toggleTheme(): void {
  isDark.value = !isDark.value
  localStorage.setItem(PLACE, isDark.value ? 'dark' : 'light')
}

function kept(): boolean | undefined {
  const value = localStorage.getItem(PLACE)
  return value === null ? undefined : value === 'dark'
}

effect(() => {
  document.documentElement.dataset['theme'] = isDark.value ? 'dark' : 'light'
})
