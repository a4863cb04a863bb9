/** Sound blocks that nobody pays for (spec §5, *Surplus*): how long they wait for a payer, and that they cost little. */
import { describe, expect, test, vi } from 'vitest'
import { keyPair } from '../../../src/dag/keys.ts'
import { like, post } from '../../support/blocks.ts'
import { checkGraph } from '../../../src/dag/check.ts'
import { inWords, takeIn, viewOf } from '../../support/replicas.ts'
import {
  allStand,
  ANN,
  BOB,
  CID,
  forumOf,
  hears,
  indexOf,
  madeHere,
  NED,
  NIA,
  NOA,
  openVillage,
  reopened,
  says,
  stands,
  THEN_MS,
  told,
  welcomed,
  type Village,
} from '../../support/villages.ts'
