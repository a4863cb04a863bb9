/** Imported before any schema: zod may not compile its checks in a page, whose policy forbids it. They are looked at one by one. */
import * as z from 'zod'

z.config({ jitless: true })
