// Times in nanoseconds, in buckets at most 1/128 wide of their value.
#pragma once
#include <stdint.h>

enum { HISTOGRAM_BUCKETS = 128 * 58 };

struct histogram {
    uint64_t counts[HISTOGRAM_BUCKETS];
    uint64_t total;
};

void histogram_add(struct histogram *h, uint64_t nanoseconds);
// The middle of the bucket below which `share` (0 to 1) of the values are, in microseconds; 0 when there are none.
double histogram_percentile(const struct histogram *h, double share);
