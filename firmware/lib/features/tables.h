/* Constants of the transforms; table_*.c are made by host/aurora/features/tables.py. */
#pragma once
#include <stdint.h>

#if defined(__GNUC__)
#define ALIGNED __attribute__((aligned(8)))
#else
#define ALIGNED
#endif

enum { TABLE_LONGEST = 4096, TWIDDLE4_M = TABLE_LONGEST / 8, TWIDDLE8_M = 32 };

/* Factors exp(-2 pi i q j / (4 m)) of a radix-4 pass with m = TWIDDLE4_M: q = 1, 2, 3 of each j. A
   pass with a smaller m takes every (TWIDDLE4_M / m)th j: streams in memory order, one table for
   all lengths. */
extern ALIGNED const float twiddle4[6 * TWIDDLE4_M];
/* The same for radix-8 passes, q = 1 .. 7. */
extern ALIGNED const float twiddle8[14 * TWIDDLE8_M];
/* Periodic Hann window of 4096 points at k and k + 1024, k < 1024; the second half is 1 minus the
 * first. */
extern ALIGNED const float hann_pairs[TABLE_LONGEST / 2];
/* The 9 bits of the index reversed. */
extern ALIGNED const uint16_t bit_reversal[TABLE_LONGEST / 8];
