/** The studies of docs/economy.md, in its order. */
import type { Study } from './study.ts'
import { founding } from './study-founding.ts'
import { insider } from './study-insider.ts'
import { lens } from './study-lens.ts'
import { members } from './study-members.ts'
import { peace } from './study-peace.ts'
import { strangers } from './study-strangers.ts'

export const studies: readonly Study[] = [peace, founding, strangers, insider, members, lens]
