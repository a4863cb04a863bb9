/**
 * What `scripts/reputation-vectors.mjs` makes blocks of: one line a block, in the order of arrival,
 * `backs < name @day time likes target`, with `!` before one that is not sound. Letters of a name say the author, `anon`
 * nobody; days are counted from 14 November 2023, times are UTC.
 */
export const FORUMS = [
  {
    title: 'a founder, newcomers who are held and welcomed, and 24 hours',
    name: '#vectors',
    blocks: `
      genesis  < a1    @0 08:00
    ! genesis  < b8    @0 07:00
      a1       < b1    @0 10:00
    ! b1       < b9    @0 10:30
    ! a1 b1    < a7    @0 10:30
    ! a1 b1    < a8    @0 10:30 dislikes b1
    ! a1       < a9    @0 10:30 likes a1
      a1 b1    < a2    @0 11:00 likes b1
    ! a2       < b7    @0 11:30 likes a2
      a2       < anon1 @0 11:30
      a2 anon1 < a3    @0 12:00 likes anon1
      a3       < b2    @1 09:59:59.999
      a3       < b4    @1 11:00:00.001
      a3       < b3    @1 11:00
      a3       < b5    @1 11:01
      b3 b4    < c1    @1 12:00
      b3 b4 c1 < b6    @1 12:01 likes c1
      b3 b4 c1 < a4    @1 12:02 likes c1
      a4       < a5    @2 00:00`,
  },
  {
    title: 'dislikes hide a post, likes bring it back',
    name: '#hiding',
    blocks: `
      genesis  < a1    @0 08:00
      a1       < b1    @0 09:00
      a1 b1    < a2    @0 09:10 likes b1
      a2       < a3    @0 10:00 dislikes b1
      a3       < a4    @0 10:01 dislikes b1
      a3       < a5    @0 10:02 dislikes b1
      a4 a5    < a6    @0 10:03 dislikes b1
      a3       < c1    @0 11:00 dislikes b1
      a6       < a7    @0 11:01 dislikes b1
      a7       < a8    @0 12:00 likes b1
      a8       < a9    @0 12:01 likes b1
      a9       < a10   @0 12:02 dislikes b1
      a10      < a11   @0 12:03 dislikes a1
      a11      < b2    @1 13:00`,
  },
  {
    title: 'rivals for one rep, a withdrawal, and blocks on unpaid ones of the same author',
    name: '#rivals',
    blocks: `
      genesis  < a1    @0 08:00
      a1       < b1    @0 10:00
      a1 b1    < a2    @0 11:00 likes b1
      a2       < a3    @0 11:01 likes b1
      a3       < c1    @0 12:30
      a3 c1    < b3    @0 13:00 likes c1
      b3       < b4    @1 13:00
      a3       < b2    @0 12:00
      b2       < a4    @1 14:00
      a4       < d1    @1 14:10
      a4 d1    < a5    @1 14:11 likes d1
      a5       < a6    @1 14:12 likes d1
      a6       < d3    @1 16:00
      d3       < a7    @1 17:00
      a7       < d4    @2 16:00
      d3       < d5    @2 16:30
      a6       < d2    @1 15:00`,
  },
  {
    title: 'rivals for one rep at one time: the height decides, then the digest',
    name: '#ties',
    blocks: `
      genesis  < a1    @0 08:00
      a1       < b1    @0 10:00
      a1       < c1    @0 10:00
      a1 b1    < a2    @0 11:00 likes b1
      a2       < a3    @0 11:01 likes b1
      a3 c1    < a4    @0 11:02 likes c1
      a4       < a5    @0 11:03 likes c1
      a5       < b2    @0 12:00
      a5       < b3    @0 12:00
      a5       < a6    @0 12:00
      a6       < c2    @0 12:00
      a5       < c3    @0 12:00`,
  },
  {
    title: '90 days',
    name: '#window',
    blocks: `
      genesis  < a1    @0 08:00
      a1       < b1    @0 09:00
      a1 b1    < a2    @0 10:00 likes b1
      a2       < b2    @90 09:00
      a2       < b3    @90 09:00:00.001
      a2       < a3    @90 08:00:00.001
      a3 b2    < b4    @90 10:00
      a3 b2    < b5    @90 10:00:00.001
      a3 b2    < a4    @91 00:00
      a4       < b6    @91 08:59:59.999
      a4       < b7    @91 09:00`,
  },
  {
    title: 'three pioneers, and midnight',
    name: '#three',
    pioneers: 'abc',
    blocks: `
      genesis  < s1    @0 08:00
      genesis  < a1    @0 23:59:59.999
      genesis  < b1    @0 09:00
      a1       < a2    @1 00:00
      a2 b1    < c1    @1 01:00
      b1 s1    < b2    @1 02:00 likes s1
      b2 c1    < a3    @1 23:59:59.999
      a3       < a4    @2 00:00
      a4       < c2    @2 02:00 dislikes s1`,
  },
  {
    title: 'an identity chain with its owner and two guests',
    owner: 'o',
    blocks: `
      genesis  < o1    @0 08:00
      o1       < g1    @0 09:00
      o1       < anon1 @0 09:00
      o1 g1    < o2    @0 10:00 likes g1
      o1       < o3    @0 10:00
      o2 o3    < g2    @0 11:00
      o2 o3    < g3    @1 09:00
      g3       < h1    @1 09:30
      g3 h1    < g4    @1 10:00 likes h1
      g4       < o4    @1 11:00 dislikes o1
      o4       < o5    @1 11:01 dislikes o1
      o5       < o6    @1 11:02 dislikes o1
      o6       < o7    @1 11:03 dislikes o1
      o7       < o8    @1 11:04 dislikes o1
    ! o8       < o9    @1 13:00 likes o1`,
  },
  {
    title: 'the cap at each moment, and what happens in one moment',
    name: '#moments',
    blocks: `
      genesis  < a1    @0 08:00
      a1       < b1    @0 09:00
      a1       < c1    @0 09:00
      a1 b1    < a2    @0 10:00 likes b1
      a2 c1    < a3    @0 10:01 likes c1
      a3       < a4    @1 12:00
      a4       < a5    @2 12:00
      a5       < a6    @3 12:00
      a6       < a7    @4 12:00
      a7       < b2    @6 09:00 likes a1
      a7       < c2    @6 09:00 dislikes a1
      b2 c2    < a8    @6 10:00
      a8       < b3    @6 11:00 likes a4
      a8       < c3    @6 11:00:00.001 dislikes a4
      b3 c3    < a9    @6 12:00`,
  },
  {
    title: 'fresh keys on the branches of one author: their votes are paid, and count once',
    name: '#branches',
    pioneers: 'abcdefghijklmno',
    blocks: `
      genesis  < b1    @0 08:00
      b1       < p1    @0 09:00
      b1 p1    < a1    @0 09:01 likes p1
      a1       < a2    @0 09:02 likes p1
      a2       < p2    @0 09:03 dislikes b1
      b1       < q1    @0 09:10
      b1 q1    < a3    @0 09:11 likes q1
      a3       < a4    @0 09:12 likes q1
      a4       < q2    @0 09:13 dislikes b1
      b1       < r1    @0 08:50
      b1 r1    < a5    @0 08:51 likes r1
      a5       < a6    @0 08:52 likes r1
      a6       < r2    @0 08:53 dislikes b1
      p2 q2 r2 < c1    @0 12:00
      c1       < b2    @1 08:00`,
  },
  {
    title: 'an early vote that comes late turns later ones, and what they paid for',
    name: '#late',
    pioneers: 'abcdefghijklmno',
    blocks: `
      genesis  < b1    @0 08:00
      b1       < c1    @0 08:30
      c1       < n1    @0 09:30
      c1 n1    < a1    @0 10:00 likes n1
      a1       < a2    @0 11:00 likes n1
      a2       < n2    @0 12:00 likes b1
      n2       < b2    @0 13:00 likes c1
      b1       < a3    @0 09:00 dislikes b1
      b2       < n3    @1 11:00
      n3       < c2    @1 12:00`,
  },
  {
    title: 'a day at the edge of the window goes over to a later post',
    name: '#edge',
    pioneers: 'acd',
    blocks: `
      genesis  < a1    @0 08:00
      a1       < b1    @0 09:00
      a1 b1    < a2    @0 10:00 likes b1
      a2       < a3    @0 10:01 likes b1
      a3       < b2    @0 21:00
      a3       < n1    @2 09:00
      b2       < a4    @89 22:00
      a4       < b3    @90 09:00
      a4       < b4    @90 09:00:00.001
      a4       < b5    @90 21:00:00.001
      a4 n1    < a5    @91 08:00 likes n1
      a5       < n2    @91 09:00`,
  },
  {
    title: 'authors take posts back: without reps, under the block of somebody else, and withdrawn',
    name: '#takingback',
    blocks: `
      genesis  < a1    @0 08:00
      a1       < b1    @0 10:00
      a1 b1    < a2    @0 11:00 likes b1
      a2       < b2    @0 12:00 dislikes b1
    ! a2       < b7    @0 12:00 likes b1
      a2       < a3    @0 12:01 likes b1
      a3       < b4    @0 14:00 dislikes b1
      a3       < b3    @0 13:00
      a3       < a4    @0 13:01
      a4 b3    < a5    @0 13:02 likes b3
      a5       < b6    @0 16:00 dislikes b3
      b6       < a6    @0 17:00
      a5       < b5    @0 15:00
      a6       < a7    @0 18:00 likes b3
      a7 b5    < a8    @0 18:01 likes b5
      a8       < a9    @1 08:00 dislikes a1`,
  },
  {
    title: 'the owner of an identity chain and a guest take posts back',
    owner: 'o',
    blocks: `
      genesis  < o1    @0 08:00
      o1       < g1    @0 09:00
      o1 g1    < o2    @0 10:00 likes g1
      o1       < o6    @0 10:30
      o2       < g2    @0 11:00 dislikes g1
      o2       < g3    @1 09:00 dislikes g1
      g3 o6    < o3    @1 10:00 dislikes o1
      o3       < g4    @1 11:00
      g4       < o4    @1 12:00 likes g1
      o4       < o5    @1 12:01 likes g1`,
  },
]
