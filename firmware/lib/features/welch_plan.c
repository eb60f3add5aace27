#include "features/welch.h"

#include "core/bytes.h"

/* Lines where the bands begin, ascending; edges + 1 of them leave room for each other. */
static void edge_lines(const chain_view *chain, float rate_hz, uint32_t line[CHAIN_MAX_BANDS + 1])
{
    const float lines_per_hz = (float)chain->segment / rate_hz;
    uint32_t least = 1;
    /* without bands there are no edges either: the spectrum serves the envelope alone */
    for (uint32_t i = 0; chain->bands > 0 && i <= chain->bands; i++) {
        /* the rate is at least half the chain's, so an edge lies below 1.1 segment */
        uint32_t nearest = (uint32_t)(bytes_load_f32(chain->edges + 4 * i) * lines_per_hz + 0.5f);
        uint32_t most = chain->segment / 2 - (chain->bands - i);
        line[i] = nearest < least ? least : nearest;
        line[i] = line[i] > most ? most : line[i];
        least = line[i] + 1;
    }
}

/* The four streams of the last radix-4 pass give the lines j, q + j (rising), 2q - j and q - j
   (falling: mirror images), q = segment / 4. A range ends where any of them enters another band. */
void welch_make_plan(const chain_view *chain, float rate_hz, welch_plan *plan)
{
    uint32_t line[CHAIN_MAX_BANDS + 1];
    const uint32_t q = chain->segment / 4, bands = chain->bands;
    const uint32_t start[4] = {0, q, 2 * q, q};
    uint32_t edges_passed[4]; /* how many edges lie at or below the stream's line: its band + 1 */
    edge_lines(chain, rate_hz, line);
    for (uint32_t s = 0; s < 4; s++) {
        edges_passed[s] = 0;
        while (bands > 0 && edges_passed[s] <= bands && line[edges_passed[s]] <= start[s]) {
            edges_passed[s]++;
        }
    }
    plan->count = 0;
    for (uint32_t j = 0; j < q;) {
        uint32_t run = q - j;
        welch_range *range = &plan->range[plan->count++];
        for (uint32_t s = 0; s < 4; s++) {
            const int rising = s < 2;
            const uint32_t e = edges_passed[s], at = rising ? start[s] + j : start[s] - j;
            uint32_t left = run;
            if (rising && bands > 0 && e <= bands) {
                left = line[e] - at;
            } else if (!rising && e > 0) {
                left = at - line[e - 1] + 1;
            }
            run = left < run ? left : run;
            range->band[s] = (uint8_t)(e == 0 ? bands : e - 1);
        }
        range->count = (uint16_t)run;
        j += run;
        for (uint32_t s = 0; s < 4; s++) {
            uint32_t e = edges_passed[s];
            if (s < 2) {
                edges_passed[s] += bands > 0 && e <= bands && line[e] == start[s] + j;
            } else {
                edges_passed[s] -= e > 0 && line[e - 1] == start[s] - j + 1;
            }
        }
    }
}

float welch_power_gain(const chain_view *chain)
{
    /* mean of the squared window; sums of pairs count each segment's two-sided power twice, which
       is the one-sided power */
    const float gain[] = {1.0f, 0.375f, 0.3974f};
    const float length = (float)chain->segment;
    return 1.0f / (length * length * (float)chain->segments * gain[chain->window]);
}
